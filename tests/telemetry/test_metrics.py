"""/metrics of inference servers: the load that they tell, and nothing where they tell none."""

from __future__ import annotations

import pytest
from bad_server import BadServer
from real_servers import RealServer

from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.metrics import Load, ServerMetrics, load_of

VLLM = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 3.0
vllm:num_requests_running{engine="1",model_name="m"} 1.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="m"} 0.0
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.5
vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.25
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_bucket{le="0.001",model_name="m"} 0.0
"""
SGLANG = """\
# TYPE sglang:num_running_reqs gauge
sglang:num_running_reqs{model_name="m",tp_rank="0"} 2.0
sglang:num_running_reqs{model_name="m",tp_rank="1"} 2.0
sglang:num_queue_reqs{model_name="m",tp_rank="0"} 7.0
sglang:token_usage{model_name="m",tp_rank="0"} 0.28
sglang:token_usage{model_name="m",tp_rank="1"} 0.28
"""


@pytest.mark.parametrize(
    ("page", "load"),
    [
        (VLLM, Load(running=4, waiting=0, kv_cache_percent=37.5)),
        (SGLANG, Load(running=2, waiting=7, kv_cache_percent=28.0)),
        ('vllm:gpu_cache_usage_perc{model_name="m"} 1\n', Load(None, None, 100.0)),
        ("llamacpp:requests_processing 1\nllamacpp:requests_deferred 0\n", Load(1, 0, None)),
    ],
)
def test_the_load_is_what_the_page_says(page: str, load: Load) -> None:
    assert load_of(page) == load


@pytest.mark.parametrize("value", ["NaN", "-1", "1e300", "+Inf"])
def test_what_no_count_can_be_stays_unknown(value: str) -> None:
    page = f"llamacpp:requests_processing {value}\nllamacpp:kv_cache_usage_ratio {value}\n"
    assert load_of(page) == Load(None, None, None)


@pytest.mark.parametrize("page", ["", "<html></html>", "up 1\n", "vllm:num_requests_running{a=b 1\n"])
def test_a_page_without_such_figures_tells_nothing(page: str) -> None:
    assert load_of(page) is None


async def test_the_real_llama_server_tells_its_requests(llama_server: RealServer) -> None:
    async with Client(llama_server.base_url) as client:
        metrics = ServerMetrics(client, llama_server.base_url, "llama.cpp", lambda: 1.5)
        sample = await metrics.read()
    assert sample is not None
    assert (sample.t, sample.running, sample.waiting, sample.kv_cache_percent) == (1.5, 0, 0, None)
    assert sample.memory_bytes is None, "it tells none"


async def test_a_server_without_metrics_is_asked_once(bad: BadServer) -> None:
    async with Client(bad.base_url) as client:
        metrics = ServerMetrics(client, bad.base_url, "sglang", lambda: 0.0)
        said = await metrics.read()
        assert said is not None and "--enable-metrics" in said.untold and not said.tells
        assert await metrics.read() is None
    assert [seen.path for seen in bad.seen] == ["/metrics"]
