"""The gate (PASSED, WARNED, FAILED), and the records of what is decided after it: keep, switch, RAG, LoRA, stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.proof.noise import Noise
from weighbridge.domain.serving.identity import ServedModel
from weighbridge.domain.verdict.cases import Policy
from weighbridge.domain.verdict.doubts import warnings as doubtful
from weighbridge.domain.verdict.stats import Interval, wilson

Choice = Literal["keep", "switch", "RAG", "LoRA", "stop"]
CHOICES: tuple[Choice, ...] = ("keep", "switch", "RAG", "LoRA", "stop")
ACCEPTED = "recommendation accepted"
"""How the reason of a decision begins that nobody gave a reason of their own for."""
Gate = Literal["PASSED", "WARNED", "FAILED"]


class Overrule(Record):
    """A person's own mark beside the grader's, with the reason. It counts in its place; both are kept."""

    passed: bool
    reason: str = Field(min_length=1, max_length=2_000)
    at: str


class Tried(Record):
    """What was tried against a failed baseline before anything is trained: another prompt, or text given by retrieval.

    `cases_digest`: of the baseline that it answers. `result`: what came of it where the cases were run again, with
    other prompts or contexts; `result_digest`: of those cases.
    """

    what: Literal["prompt", "rag"]
    note: str = Field(min_length=1, max_length=2_000)
    at: str
    cases_digest: str
    result: str = ""
    result_digest: str = ""

    def speaks_of(self, cases_digest: str) -> bool:
        """Whether it answers the eval of these cases, or is that eval."""
        return cases_digest in (self.cases_digest, self.result_digest)

    @property
    def held(self) -> bool:
        """Whether the gate did not fail with it. False too where nothing has come of it yet."""
        return bool(self.result) and not self.result.endswith("(FAILED)")


class CaseResult(Record):
    """One row of the eval: what was said, the mark, and what it cost.

    With repeats the text and the figures are those of the first answer, and the case passes where every answer does.
    `unstable`: the answers differ at temperature 0; they are reported, never averaged.
    """

    case: str
    passed: bool
    reason: str
    output: str
    must_pass: bool
    stop_reason: str
    ttft_s: float | None
    decode_tokens_per_s: float | None
    prompt_tokens: int | None = Field(description="null: the engine never said")
    output_tokens: int | None = Field(description="null: the server does not count them")
    peak_rss_bytes: int | None
    total_s: float | None = None
    reused_tokens: int = 0
    repeats: int = 1
    repeats_passed: int | None = None
    unstable: bool = False
    cleaned: str = Field(default="", description="the answer as it was marked, where that is not `output` as it stands")
    failure: str = Field(default="", description="why the engine gave no whole answer: a result like any other")
    doubts: tuple[str, ...] = Field(default=(), description="what of the server's account of its answers is doubtful")
    overruled: Overrule | None = None

    @property
    def counts(self) -> bool:
        """Whether the case passes for the gate: the person's mark where there is one, else the grader's."""
        return self.overruled.passed if self.overruled else self.passed


class GateResult(Record):
    """k of n with its interval, and what the policy says of it."""

    gate: Gate
    passed: int
    total: int
    interval: Interval
    reasons: tuple[str, ...]


class Baseline(Record):
    """An eval that ran to its gate, as the run remembers it once another one takes its place.

    `marks`: whether each case passed, by its id; empty in a record of an earlier version. `served`: the model of a
    server, whose digest nobody knows; null too in a record of an earlier version.
    """

    at: str
    cases_digest: str
    model_sha256: str
    gate: GateResult
    job_ids: tuple[str, ...] = ()
    marks: dict[str, bool] = Field(default_factory=dict)
    served: ServedModel | None = None

    def other_model(self, sha256: str, served: ServedModel | None) -> str:
        """Why it is not of the model with this digest, or of this one behind a server; empty where it is.

        A digest decides alone. Where there is none, nobody saw the weights, and both are told by the same server.
        """
        if sha256 or self.model_sha256:
            return "" if sha256 == self.model_sha256 else "another model"
        if served is None or self.served is None:
            return "nothing tells which model answered"
        return served.other_than(self.served)


def judge(results: Sequence[CaseResult], policy: Policy, noise: Noise | None = None) -> GateResult:
    """The gate over all cases, what failed it before what warns. ValueError unless every case has its result.

    Cut answers, answers that never came, unstable cases, a contended machine (`noise`), overruled marks, and
    prompts cut or answered by another model make it WARNED at most: only marks make it FAILED.
    """
    if len(results) != policy.cases:
        raise ValueError(f"{len(results)} results for {policy.cases} cases")
    passed = sum(r.counts for r in results)
    failed_musts = [r.case for r in results if r.must_pass and not r.counts]
    failures = [f"must-pass cases failed: {', '.join(failed_musts)}"] if failed_musts else []
    if passed < policy.min_pass:
        failures.append(f"{passed} of {len(results)} passed, {policy.min_pass} are needed")
    warnings = _warnings(results, noise)
    enough = f"{passed} of {len(results)} passed, {policy.min_pass} were needed"
    return GateResult(
        gate="FAILED" if failures else "WARNED" if warnings else "PASSED",
        passed=passed,
        total=len(results),
        interval=wilson(passed, len(results)),
        reasons=(*failures, *warnings) or (enough,),
    )


def _warnings(results: Sequence[CaseResult], noise: Noise | None) -> list[str]:
    """What makes a passed gate WARNED, in words."""
    cut = [r.case for r in results if r.stop_reason not in ("eos",) and not r.failure]
    unstable = [r.case for r in results if r.unstable]
    reasons = _without_answer(results) + _overruled(results) + doubtful(results)
    if cut:
        reasons.append(f"answers cut before their end: {', '.join(cut)}")
    if unstable:
        reasons.append(f"answers to the same prompt differ at temperature 0: {', '.join(unstable)}")
    if noise is not None and noise.mark == "contended":
        reasons.append("the machine was busy with other work while the cases ran, so that their times are too long")
    return reasons


def _without_answer(results: Sequence[CaseResult]) -> list[str]:
    """Cases that failed because the engine gave no whole answer: they tell of engine and limit, not of the model."""
    failed = [r.case for r in results if r.failure]
    if failed and len(failed) == len(results):
        return ["the engine gave a whole answer to none of the cases"]
    return [f"no whole answer from the engine: {', '.join(failed)}"] if failed else []


def _overruled(results: Sequence[CaseResult]) -> list[str]:
    """A gate that rests on a person's marks says so, and is WARNED at best."""
    cases = [r.case for r in results if r.overruled]
    if not cases:
        return []
    count = "1 mark was" if len(cases) == 1 else f"{len(cases)} marks were"
    return [f"{count} overruled by the person: {', '.join(cases)}"]


class Option(Record):
    """One possible decision: allowed or not, and why. `way_out`: what to do where it is locked."""

    choice: Choice
    allowed: bool
    why: str
    way_out: str = ""


class Verdict(Record):
    """The person's decision. `recommended` is the program's; `options` is what was allowed at that moment."""

    choice: Choice
    reason: str
    recommended: Choice | None
    recommended_why: str = ""
    options: tuple[Option, ...]
    at: str

    @property
    def accepted(self) -> bool:
        """Whether the person took the recommendation as it stood, without words of their own."""
        return self.choice == self.recommended and self.reason.startswith(ACCEPTED)
