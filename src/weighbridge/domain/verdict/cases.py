"""Fixed cases: a prompt, a grader, and why the case is there. A pack has a digest; changing a case changes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from weighbridge.domain.base import Record, digest
from weighbridge.domain.proof.settings import Message
from weighbridge.domain.toml_lines import misplaced
from weighbridge.domain.verdict.graders import Grader as Grader

MIN_CASES = 5
"""The lesson's least number of fixed cases."""


class Case(Record):
    """One fixed case: a prompt or a conversation, what is expected of the answer, and why the case is there."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    prompt: str = Field(default="", max_length=100_000)
    messages: tuple[Message, ...] = Field(default=(), description="a conversation in place of the prompt")
    context: str = Field(default="", max_length=1_000_000, description="text that holds what the answer needs")
    grader: Grader
    must_pass: bool = False
    disabled: bool = Field(default=False, description="kept in the pack and not asked")
    why: str = ""
    tags: tuple[str, ...] = ()
    max_tokens: int | None = Field(default=None, ge=1, le=100_000)
    time_limit_s: float | None = Field(default=None, gt=0, le=86_400, description="overrides that of the policy")

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if bool(self.prompt) == bool(self.messages):
            both = "not both" if self.prompt else "and this one has neither"
            raise misplaced(f"a case has either a prompt or messages, {both}", *(("messages",) if self.prompt else ()))
        if self.messages and self.messages[-1].role != "user":
            raise misplaced("the last message has to be the user's: the model answers it", "messages")
        return self

    @property
    def full_prompt(self) -> str:
        """What the model is given, as one text: the context, an empty line, the prompt or the conversation."""
        asked = self.prompt or "\n".join(f"{m.role}: {m.content}" for m in self.messages)
        return f"{self.context.strip()}\n\n{asked}" if self.context.strip() else asked

    @property
    def conversation(self) -> tuple[Message, ...]:
        """What the chat template gets, the context before the first message of the user; empty for a prompt."""
        if not self.messages or not self.context.strip():
            return self.messages
        first = next(at for at, message in enumerate(self.messages) if message.role == "user")
        told = Message(role="user", content=f"{self.context.strip()}\n\n{self.messages[first].content}")
        return (*self.messages[:first], told, *self.messages[first + 1 :])


class PackPolicy(Record):
    """How many cases must pass for the gate, and how long one may take."""

    min_pass: int = Field(ge=1)
    time_limit_s: float | None = Field(default=None, gt=0, le=86_400)


class CasePack(Record):
    """A named set of at least five cases."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")
    title: str = ""
    description: str = ""
    policy: PackPolicy | None = None
    case: tuple[Case, ...]

    @field_validator("case")
    @classmethod
    def _enough(cls, value: tuple[Case, ...]) -> tuple[Case, ...]:
        asked = sum(not case.disabled for case in value)
        if asked < MIN_CASES:
            raise ValueError(f"{asked} case{'' if asked == 1 else 's'}; at least {MIN_CASES} fixed cases are needed")
        seen: set[str] = set()
        for at, case in enumerate(value):
            if case.id in seen:
                raise misplaced(f"two cases have the id {case.id!r}: give this one another", at, "id")
            seen.add(case.id)
        return value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.policy and self.policy.min_pass > len(self.active):
            said = f"min_pass is {self.policy.min_pass}, but there are {len(self.active)} cases"
            raise misplaced(f"{said}: write {len(self.active)} at most", "policy", "min_pass")
        return self

    @property
    def active(self) -> tuple[Case, ...]:
        """The cases that are asked: all but the disabled ones. The same object each time, for `digest`."""
        return _active_of(_Same(self.case))

    @property
    def digest(self) -> str:
        """SHA-256 of the cases file as the packet holds it: of the cases that are asked."""
        return _digest_of(_Same(self.active))

    @property
    def must_pass(self) -> tuple[str, ...]:
        return tuple(c.id for c in self.active if c.must_pass)

    def default_policy(self) -> Policy:
        """The pack's own threshold, or four fifths rounded up."""
        count = len(self.active)
        return Policy(
            pack=self.id,
            cases=count,
            min_pass=self.policy.min_pass if self.policy else -(-count * 4 // 5),
            time_limit_s=self.policy.time_limit_s if self.policy else None,
            must_pass=self.must_pass,
            cases_digest=self.digest,
        )


def case_row(case: Case) -> dict[str, Any]:
    """One case as plain data: what the digest and the packet's `cases.jsonl` are made of."""
    return case.model_dump(mode="json")


@dataclass(frozen=True, eq=False)
class _Same:
    """Cases as a key: the same object, so that 1,000 of them are not compared to find what is known of them."""

    cases: tuple[Case, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.cases is self.cases

    def __hash__(self) -> int:
        return id(self.cases)


@lru_cache(maxsize=8)
def _active_of(same: _Same) -> tuple[Case, ...]:
    """Not kept in the pack itself: a copy of it with other cases would take them along."""
    return tuple(case for case in same.cases if not case.disabled)


@lru_cache(maxsize=4)
def _digest_of(same: _Same) -> str:
    """Asked for at every redraw of every step; frozen cases have one digest for ever."""
    return digest([case_row(c) for c in same.cases])


class Policy(Record):
    """The rule of the gate, fixed before the first case runs and saved with a digest of the cases."""

    pack: str
    cases: int
    min_pass: int = Field(ge=1)
    must_pass: tuple[str, ...] = ()
    cases_digest: str
    time_limit_s: float | None = Field(
        default=None, gt=0, le=86_400, description="seconds that one case may take; null: no limit"
    )

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.min_pass > self.cases:
            raise ValueError(f"the threshold is {self.min_pass}, but there are {self.cases} cases")
        return self
