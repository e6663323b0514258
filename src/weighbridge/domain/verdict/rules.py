"""The rules of the decision as data/decision.toml has them, and what they make of the evidence."""

from __future__ import annotations

from collections.abc import Collection
from string import Formatter
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from weighbridge.domain.base import Record
from weighbridge.domain.verdict.decision import CHOICES, Choice, Option
from weighbridge.domain.verdict.grounds import EVIDENCE, WORDS, Grounds

_NOT = "no "


def _known(condition: str) -> str:
    if condition.removeprefix(_NOT) not in EVIDENCE:
        raise ValueError(
            f"{condition!r} is no evidence; allowed, each also with `no ` before it: {', '.join(EVIDENCE)}"
        )
    return condition


def _gaps(sentence: str) -> str:
    for _, gap, _, _ in Formatter().parse(sentence):
        if gap is not None and gap not in WORDS:
            raise ValueError(f"{{{gap}}} is no word of the rules; allowed: {', '.join(WORDS)}")
    return sentence


Condition = Annotated[str, AfterValidator(_known)]
"""A name of `EVIDENCE`, or `no ` and such a name."""
Sentence = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_gaps)]
"""Words with gaps like {score}, without the full stop."""


def _hold(conditions: Collection[str], evidence: Collection[str]) -> bool:
    """Whether all of them hold."""
    return all((c.removeprefix(_NOT) in evidence) is not c.startswith(_NOT) for c in conditions)


class Reason(Record):
    """A sentence that is said where all of `when` holds."""

    when: tuple[Condition, ...] = ()
    why: Sentence


class Lock(Reason):
    """Locks a choice where all of `when` holds and nothing of `unless` does. `way_out`: what to do about it."""

    unless: tuple[Condition, ...] = Field(min_length=1)
    way_out: Sentence

    def bites(self, evidence: Collection[str]) -> bool:
        return _hold(self.when, evidence) and not any(_hold((c,), evidence) for c in self.unless)


class OptionRule(Record):
    """One choice: the locks before it, in order, and what allows it where none bites."""

    choice: Choice
    lock: tuple[Lock, ...] = ()
    allowed: tuple[Reason, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.allowed[-1].when:
            raise ValueError(f"{self.choice}: the last sentence of `allowed` has to stand without `when`")
        return self


class Recommend(Reason):
    """A choice that is recommended where all of `when` holds and no lock is before it."""

    choice: Choice


class Rules(Record):
    """data/decision.toml. `recommend` is tried in order; the first that holds is the program's advice."""

    knowledge_tags: tuple[str, ...]
    option: tuple[OptionRule, ...]
    recommend: tuple[Recommend, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if tuple(rule.choice for rule in self.option) != CHOICES:
            raise ValueError(f"each choice has one [[option]], in this order: {', '.join(CHOICES)}")
        return self


class Advice(Record):
    """What the rules allow, and what they recommend. `choice` is None where the evidence recommends nothing."""

    options: tuple[Option, ...]
    choice: Choice | None = None
    why: str = ""


def advise(grounds: Grounds, rules: Rules) -> Advice:
    """The five options with their reasons, and the first recommendation that holds."""
    evidence, words = grounds.evidence, grounds.words
    options = tuple(_option(rule, evidence, words) for rule in rules.option)
    allowed = {option.choice for option in options if option.allowed}
    for row in rules.recommend:
        if row.choice in allowed and _hold(row.when, evidence):
            return Advice(options=options, choice=row.choice, why=row.why.format_map(words))
    return Advice(options=options)


def _option(rule: OptionRule, evidence: Collection[str], words: dict[str, str]) -> Option:
    lock = next((lock for lock in rule.lock if lock.bites(evidence)), None)
    if lock is not None:
        why, way_out = lock.why.format_map(words), lock.way_out.format_map(words)
        return Option(choice=rule.choice, allowed=False, why=why, way_out=way_out)
    said = next(reason for reason in rule.allowed if _hold(reason.when, evidence))
    return Option(choice=rule.choice, allowed=True, why=said.why.format_map(words))
