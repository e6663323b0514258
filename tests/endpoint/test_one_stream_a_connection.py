"""A connection that carried a streamed answer carries nothing else."""

from __future__ import annotations

from bad_server import BadServer, models, stream
from endpoint_rig import CHAT

from weighbridge.services.endpoint.client import Client


async def test_a_server_that_ends_a_connection_after_its_stream_loses_no_request(bad: BadServer) -> None:
    bad.on(CHAT, stream("Par", "is")).on("/v1/models", models("tiny"))
    async with Client(bad.base_url) as client:
        await client.get("models")
        for _ in range(2):
            async with client.stream("chat/completions", {}) as response:
                _ = [piece async for piece in response.aiter_raw()]
    said = {seen.path: seen.headers["connection"] for seen in bad.seen}
    assert said[CHAT] == "close"
    assert said["/v1/models"] == "keep-alive"
