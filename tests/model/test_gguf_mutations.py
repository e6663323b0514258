"""Random damage to a sound header: the answer is a header or BadInput, never anything else."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weighbridge.domain.model.forecast import forecast
from weighbridge.domain.model.gguf import read_header
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.text import clean_line

Craft = Callable[..., bytes]

EDIT = st.tuples(
    st.integers(0, 10_000),
    st.sampled_from(["flip", "delete", "insert", "number"]),
    st.one_of(st.integers(0, 255), st.sampled_from([2**31 - 1, 2**32 - 1, 2**60, 2**63, 2**64 - 1])),
)


def _damaged(raw: bytes, edits: list[tuple[int, str, int]]) -> bytes:
    data = bytearray(raw)
    for place, kind, value in edits:
        at = place % len(data)
        if kind == "flip":
            data[at] ^= value & 0xFF
        elif kind == "delete":
            del data[at : at + 1 + value % 8]
        elif kind == "insert":
            data[at:at] = bytes([value & 0xFF]) * (1 + value % 8)
        else:
            data[at : at + 8] = value.to_bytes(8, "little")
    return bytes(data)


def _check(raw: bytes) -> None:
    def read_at(offset: int, count: int) -> bytes:
        assert 0 <= offset <= len(raw) and 0 <= count <= len(raw)
        return raw[offset : offset + count]

    try:
        header = read_header(read_at, len(raw))
        forecast(header, RuntimeSettings(), 1 << 30)
    except BadInput as error:
        message = str(error)
        assert message and message == clean_line(message, 1_000)


@settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(edits=st.lists(EDIT, min_size=1, max_size=6))
def test_damaged_headers(craft: Craft, edits: list[tuple[int, str, int]]) -> None:
    header_only = craft(data=False)
    _check(_damaged(header_only, edits) + bytes(8_192))


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.sampled_from([b"", b"GGUF", b"GGUF\x03\x00\x00\x00"]), rest=st.binary(max_size=300))
def test_random_bytes(start: bytes, rest: bytes) -> None:
    _check(start + rest)
