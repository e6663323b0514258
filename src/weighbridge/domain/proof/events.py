"""What a proof emits: one flat record a line, in `events.jsonl`, and nothing else is the truth.

Times `t` are seconds on the system's monotonic clock, counted from the start of the job (one proof or one eval).
Sizes are bytes. The order of a job:

    attempt -> conditions -> spawned -> ready -> loaded -> trial* -> swept
            -> (request -> prefilled -> token* -> completed)* -> stopped -> conditions

A server that answers over HTTP has `connected` in place of `ready`, `loaded` and `swept`, no `prefilled`, a `token` for
each piece of text that arrived, and `server_sample` where it tells of itself; `spawned` and `sample` only where its
process is on this machine.

`prefix_checked` stands before the first request that could keep the beginning of the one before.
`sensors` and `sample` anywhere behind `spawned`; `failed` before `stopped` where something broke. A second `attempt`
(mode "safe") follows where the first was killed by a signal. `graded` follows `completed` in an eval, or the `failed`
of a case that the engine gave no whole answer to; another `attempt` in the same mode then goes on with the next case,
unless the child `survived`. `ended` closes the job.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from weighbridge.domain.base import Record
from weighbridge.domain.proof.remote import Connected as Connected
from weighbridge.domain.proof.remote import ServerSample as ServerSample
from weighbridge.domain.proof.samples import Conditions as Conditions
from weighbridge.domain.proof.samples import Sample as Sample
from weighbridge.domain.proof.samples import Sensors as Sensors
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.proof.starting import Loaded as Loaded
from weighbridge.domain.proof.starting import Offload as Offload
from weighbridge.domain.proof.starting import Ready as Ready
from weighbridge.domain.proof.threads import Swept as Swept
from weighbridge.domain.proof.threads import ThreadsLowered as ThreadsLowered
from weighbridge.domain.proof.threads import Trial as Trial
from weighbridge.domain.serving.target import Target

Mode = Literal["default", "safe"]
JobKind = Literal["proof", "eval"]


class Attempt(Record):
    """A child is about to be started. `available_bytes`: memory available on the machine just before."""

    event: Literal["attempt"] = "attempt"
    t: float
    at: str = Field(description="wall clock, ISO 8601 UTC")
    job: JobKind
    job_id: str
    number: int = Field(ge=1, description="1 for the first child of the job, then 2, ...")
    mode: Mode
    reason: str = Field(description="why this mode: first try, remembered, retry after SIGSEGV, ...")
    runtime: str = Field(description="for example 'llama-cpp-python'")
    version: str
    command: tuple[str, ...] = Field(description="what a colleague types; no path of this machine")
    model_file: str = Field(description="file name only")
    model_sha256: str
    settings: RuntimeSettings = Field(description="as they were wished")
    available_bytes: int | None
    load1: float | None = None
    target: Target | None = Field(default=None, description="the server that answers; null: the child on this machine")


class Spawned(Record):
    """The child has a process id."""

    event: Literal["spawned"] = "spawned"
    t: float
    pid: int


class RequestStarted(Record):
    """A prompt was handed to the engine; the clock of its TTFT starts at `t`."""

    event: Literal["request"] = "request"
    t: float
    request: str
    case: str = ""
    warmup: bool = False
    repeat: int = 1
    prompt: str
    prompt_tokens: int | None = Field(description="null: a server counts them itself, and says so at the end if at all")
    time_limit_s: float | None = Field(default=None, description="seconds from `t` that the answer may take")


class Prefilled(Record):
    """The whole prompt is in the KV cache; the first token comes next."""

    event: Literal["prefilled"] = "prefilled"
    t: float
    request: str
    prompt_tokens: int
    prefill_s: float
    reused_tokens: int = Field(default=0, description="of the prompt, kept in the KV cache from the one before")


class Token(Record):
    """One token left the sampler at `t`. `text` may be empty while a character spans several tokens.

    Of a server: a piece of text arrived at `t`. Most send a piece for each token, but none has to.
    """

    event: Literal["token"] = "token"
    t: float
    request: str
    index: int = Field(ge=0)
    text: str


class PrefixChecked(Record):
    """An answer was computed once more with a part of its prompt kept in the KV cache, before the first such request.

    `same`: it is the same token by token, so later requests keep what they share; else none of this child does.
    """

    event: Literal["prefix_checked"] = "prefix_checked"
    t: float
    request: str = Field(description="whose answer was computed again")
    reused_tokens: int = Field(description="of its prompt, that could be kept")
    same: bool
    reason: str = Field(description="one sentence for a person")


StopReason = Literal["eos", "max_tokens", "context_full", "stopped", "time_limit"]


class Completed(Record):
    """A request is over. Engine counters come from `llama_perf_context`, milliseconds and tokens.

    Of a server: its own counts and timings, as it told them; null where it did not. They are never mixed with ours.
    """

    event: Literal["completed"] = "completed"
    t: float
    request: str
    case: str = ""
    warmup: bool = False
    repeat: int = 1
    output: str = Field(description="raw text of the answer, control characters included")
    stop_reason: StopReason
    prompt_tokens: int | None
    output_tokens: int | None
    prefill_s: float | None = Field(description="first decode call to its return, all prompt batches; null for servers")
    engine_prompt_ms: float | None
    engine_prompt_tokens: int | None
    engine_decode_ms: float | None
    engine_decode_tokens: int | None
    reused_tokens: int = Field(default=0, description="of the prompt, kept in the KV cache: its TTFT is no cold one")
    pieces: int | None = Field(default=None, description="pieces of text that a server sent; null: not a server")
    thought_pieces: int = Field(default=0, description="of them without text of the answer: the model only thought")
    sent_tokens: int | None = Field(default=None, description="of the prompt as sent, counted apart from the answer")
    sent_by: str = Field(default="", description="how sent_tokens were counted")
    doubts: tuple[str, ...] = Field(default=(), description="sentences: what of the server's account does not add up")

    @property
    def answered(self) -> bool:
        """Whether there is an answer at all. A server that counts nothing is judged by its text."""
        return bool(self.output) if self.output_tokens is None else self.output_tokens > 0

    @property
    def only_thought(self) -> bool:
        """Whether its tokens were used up before there was any text: a model that thinks first."""
        spent = self.thought_pieces > 0 or bool(self.output_tokens)
        return self.stop_reason == "max_tokens" and not self.output and spent


class Heartbeat(Record):
    """Sent by a thread of the child twice a second. Read by the supervisor, not kept."""

    event: Literal["heartbeat"] = "heartbeat"
    t: float
    phase: str
    progress: int = Field(description="grows with every batch or token: a stuck native call is seen by it")


FailureKind = Literal["crash", "refused", "input", "hang", "time_limit", "protocol", "outside"]
"""`input`: the engine is sound, and what it was asked cannot be answered with these settings. `outside`: the server or
the way to it failed, which says nothing of the model, so that no case gets a mark by it."""


class Failed(Record):
    """The child died, refused the model, hung or ran out of time. A result, kept as evidence."""

    event: Literal["failed"] = "failed"
    t: float
    kind: FailureKind
    phase: str = Field(description="start, load, warm-up, prefill, decode")
    message: str = Field(description="one sentence for a person")
    signal: str | None = Field(default=None, description="for example SIGSEGV")
    exit_code: int | None = None
    last_log: str = Field(default="", description="last line of the engine's own log, cleaned")
    survived: bool = Field(default=False, description="one prompt was refused: the process goes on with the next")


class Stopped(Record):
    """Shutdown evidence: the process is gone. `how` is the mildest step that was enough.

    Of a server: `released` is a model that the server put out of its memory, `left_running` a server that is not ours
    to stop; `pid` is null unless its process is on this machine, and `gone` is what `evidence` shows.
    """

    event: Literal["stopped"] = "stopped"
    t: float
    pid: int | None
    how: Literal["unloaded", "terminated", "killed", "crashed", "released", "left_running"]
    seconds: float = Field(description="from the wish to stop until the process was gone")
    exit_code: int | None = None
    signal: str | None = None
    gone: bool = Field(description="the operating system no longer knows the process id")
    evidence: tuple[str, ...] = Field(
        default=(), description="sentences: what was asked after the stop, and the answer"
    )


class Graded(Record):
    """The mark of one answer to a case; with `failure` that of an answer that did not come whole."""

    event: Literal["graded"] = "graded"
    t: float
    request: str
    case: str
    repeat: int = 1
    passed: bool
    reason: str
    failure: str = Field(default="", description="why there is no whole answer; such a case has failed")


Outcome = Literal["completed", "stopped", "failed"]


class Ended(Record):
    """The job is over; nothing of it runs any more."""

    event: Literal["ended"] = "ended"
    t: float
    at: str
    outcome: Outcome


Event = Annotated[
    Attempt
    | Spawned
    | Sensors
    | Conditions
    | Ready
    | Connected
    | Loaded
    | Trial
    | Swept
    | ThreadsLowered
    | RequestStarted
    | Prefilled
    | PrefixChecked
    | Token
    | Completed
    | Sample
    | ServerSample
    | Heartbeat
    | Failed
    | Stopped
    | Graded
    | Ended,
    Field(discriminator="event"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads one line: `EVENT.validate_json(line)`. Raises pydantic.ValidationError on anything else."""
