"""Packets of servers side by side: another server is said first, and what nobody saw is not called the same."""

from __future__ import annotations

import pytest
from compare.sides import proof, side

from weighbridge.domain.compare.compare import compare
from weighbridge.domain.compare.comparison import Comparison, Sameness
from weighbridge.domain.compare.side import Side, SideServer
from weighbridge.domain.compare.words import sections, value

GIVEN = SideServer(engine="vllm 0.32.0", address="https://a.example.org/v1", model="small", hardware=None, here=False)
RENTED = GIVEN.model_copy(update={"hardware": "l4x1", "address": "https://job1.example.org/v1", "revision": "a" * 40})


def served(server: SideServer | None) -> Side:
    made = side(proof=proof())
    head = made.head.model_copy(update={"model_sha256": None if server else made.head.model_sha256})
    return made.model_copy(update={"server": server, "head": head})


def row(found: Comparison, what: str) -> Sameness:
    (one,) = [same for same in found.same if same.what == what and same.of == "packet"]
    return one


def test_another_server_is_said_before_all() -> None:
    found = compare(served(GIVEN), served(GIVEN.model_copy(update={"engine": "vllm 0.33.0"})))
    assert found.same[0].what == "server" and not found.same[0].same
    assert "engine vllm 0.32.0 before, vllm 0.33.0 now" in found.same[0].said
    assert "another server" in found.allowed.proof_why and not found.regression
    first = next(
        line for section in sections(found) if section.title == "What may be compared" for line in section.lines
    )
    assert first.label == "server" and first.tone == "warn"


def test_a_child_here_and_a_server_are_two_things() -> None:
    found = compare(served(None), served(GIVEN))
    assert "a process of weighbridge on the machine before" in row(found, "server").said


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (RENTED, True),
        (RENTED.model_copy(update={"address": "https://job2.example.org/v1"}), True),
        (RENTED.model_copy(update={"hardware": "a10g-small"}), False),
        (RENTED.model_copy(update={"engine": "sglang 0.5"}), False),
    ],
)
def test_rented_hardware_is_the_machine_whatever_its_address(new: SideServer, same: bool) -> None:
    assert row(compare(served(RENTED), served(new)), "server").same is same


def test_the_machine_behind_a_given_address_was_not_seen() -> None:
    found = compare(served(GIVEN), served(GIVEN))
    assert row(found, "server").same and not row(found, "machine").same
    assert "was not seen" in row(found, "machine").said and not found.allowed.proof


def test_the_same_name_with_other_facts_is_another_model() -> None:
    one, other = (GIVEN.model_copy(update={"facts": {"parameters": n}}) for n in ("134515008", "8030261248"))
    said = row(compare(served(one), served(other)), "model")
    assert not said.same and "parameters 134515008 before, 8030261248 now" in said.said
    assert "weights of a server were not seen" in said.said
    assert row(compare(served(one), served(GIVEN)), "model").same, "what one alone tells tells nothing apart"


def test_a_model_without_a_digest_is_known_by_its_name_and_revision() -> None:
    same = row(compare(served(RENTED), served(RENTED)), "model")
    assert same.same and "its weights were not seen" in same.said and "a" * 12 in same.said
    other = row(compare(served(RENTED), served(RENTED.model_copy(update={"revision": "b" * 40}))), "model")
    assert not other.same and "another revision" in other.said
    assert not row(compare(served(GIVEN), served(GIVEN.model_copy(update={"model": "big"}))), "model").same


def test_a_server_on_this_machine_is_compared_by_the_machine() -> None:
    here = GIVEN.model_copy(update={"here": True})
    assert row(compare(served(here), served(here)), "machine").same


def test_money_has_its_unit() -> None:
    assert value(0.4, "USD") == "0.4000 USD" and value(None, "USD") == "not known"
