"""One packet as a comparison sees it: a small frozen view of its records."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.proof.noise import Mark
from weighbridge.domain.verdict.decision import Choice, Gate, Overrule
from weighbridge.domain.verdict.stats import Interval

Unit = Literal["s", "tokens/s", "bytes", "USD"]
Better = Literal["lower", "higher"]
Ground = Literal["runs", "gaps", "single", "shown"]
"""What a figure rests on: a value for each `runs` of one prompt, the `gaps` between tokens, one `single` value that
hardly changes from run to run, or one that is `shown` and never counts."""


class SideFigure(Record):
    """One figure of the proof. `value`: the median of `n` values from `low` to `high`; None: not measured."""

    name: str
    label: str
    unit: Unit
    better: Better
    ground: Ground
    value: float | None
    n: int = 0
    low: float | None = None
    high: float | None = None


class JobConditions(Record):
    """Under which a job ran. `settings`: by the names of the field, as they were used; None: the engine did not say.

    Those of an eval leave `max_tokens` out: each case has its own.
    """

    settings: dict[str, str | None]
    mark: Mark
    reasons: tuple[str, ...] = Field(description="why the machine is called contended, or nothing can be said")
    current: bool = Field(description="made with the model, settings and cases of the packet")
    outcome: str
    model_sha256: str | None


class SideProof(Record):
    """The measured run of one prompt."""

    conditions: JobConditions
    prompt: str
    figures: tuple[SideFigure, ...]


class SideCase(Record):
    """One case and its result. `content`: digest of what is asked and expected; `passed` None: it has no result.

    `passed` is what counts: the person's mark where there is one, else the grader's.
    """

    id: str
    content: str
    must_pass: bool
    passed: bool | None = None
    graded: bool | None = Field(default=None, description="the grader's own mark")
    overruled: Overrule | None = None
    unstable: bool = False
    failure: str = ""
    max_tokens: int | None = Field(default=None, description="most tokens of its answer: its own, else the setting")
    ttft_s: float | None = None
    decode_tokens_per_s: float | None = None
    peak_rss_bytes: int | None = None


class SideGate(Record):
    """What the gate said, and the digest of the rule that it was judged by."""

    gate: Gate
    passed: int
    total: int
    interval: Interval
    rule: str


class SideEval(Record):
    """The fixed cases. `cases_digest`: of all of them, as the policy fixed it."""

    conditions: JobConditions
    pack: str
    cases_digest: str
    cases: tuple[SideCase, ...]
    gate: SideGate | None


class SideHead(Record):
    """Which packet it is. `verified` False: it does not hold, and is compared at the person's wish."""

    packet: str = Field(description="its folder, as it was named")
    id: str
    seal: str
    verified: bool
    problem: str = Field(default="", description="what does not hold first, in at most 120 characters")
    more_problems: int = 0
    software: str
    written_at: str
    status: str
    model: str | None
    model_sha256: str | None
    decision: Choice | None


class SideServer(Record):
    """The server that answered in place of a child of weighbridge. `here`: its process was seen on the machine."""

    engine: str = Field(description="with its version; empty: not known")
    address: str
    model: str
    hardware: str | None = Field(description="of a rented one; None: not rented, and not known")
    here: bool
    revision: str = Field(default="", description="of the repository that a rented one was started with")
    facts: dict[str, str] = Field(default_factory=dict, description="by what its model can be told from another")


class Side(Record):
    """One packet. `machine`: by the names of system.json; None: that system does not tell."""

    head: SideHead
    machine: dict[str, str | int | None]
    proof: SideProof | None
    evaluation: SideEval | None
    server: SideServer | None = None
