"""What has arrived of one answer, and what it comes to."""

from __future__ import annotations

from typing import Any, NamedTuple

from weighbridge.domain.proof.events import Completed, RequestStarted, StopReason, Token
from weighbridge.domain.proof.settings import Request
from weighbridge.domain.text import clean_line
from weighbridge.domain.verdict.doubts import OTHER_MODEL
from weighbridge.services.endpoint.account import Account
from weighbridge.services.endpoint.client import Client
from weighbridge.services.endpoint.problems import EndpointProblem
from weighbridge.services.endpoint.stream import END, Chunk

SEE_LOG = "See the server's own log."
MOST_PIECES_A_TOKEN, MOST_CHARACTERS_A_TOKEN, SPARE = 2, 256, 65_536
"""Beyond so much for each token that was asked for, a server does not keep to the limit, and is not read any more."""
_STOPS: dict[str, StopReason] = {"stop": "eos", "length": "max_tokens"}


class Asked(NamedTuple):
    """Where a request goes. `engine`: as recognised, empty where it is not known."""

    client: Client
    model: str
    engine: str = ""


class Answer:
    """What has arrived of one answer."""

    def __init__(self, asked: Asked, request: Request, account: Account) -> None:
        self._asked, self._request, self._account, self._most = asked, request, account, account.most
        self._veil = asked.client.veil
        self._texts: list[str] = []
        self._characters = self._pieces = self._thoughts = self._shown = 0
        self._finish: str | None = None
        self._done = False
        self._asked_for = False
        self._t = 0.0
        self._names = {"request": request.id, "case": request.case, "warmup": request.warmup, "repeat": request.repeat}
        self._other = self._wait = ""

    def started(self, t: float) -> RequestStarted | None:
        """The prompt was handed over; None where it had been before, and is sent again."""
        if self._asked_for:
            return None
        self._asked_for, self._t = True, t
        prompt, limit_s = self._request.prompt, self._request.time_limit_s
        return RequestStarted(t=t, **self._names, prompt=prompt, prompt_tokens=None, time_limit_s=limit_s)

    def waited(self, seconds: float, status: int) -> None:
        """The server asked to be asked later."""
        self._wait = f"The server took the request only after {seconds:.0f} s ({status}): its TTFT holds that wait."

    def take(self, arrived: Chunk) -> Token | None:
        """The piece of text of a chunk, if it has one; without its words where the model only thinks aloud.

        A server that answers before the request is whole does not come before its start.
        """
        chunk = arrived.data
        self._done = self._done or chunk is END
        self._account.take(chunk)
        told = chunk.get("model")
        if isinstance(told, str) and self._asked.model not in (told, told.partition("@")[0]):
            self._other = f"{OTHER_MODEL}{clean_line(told, 100)}, and {self._asked.model} was asked."
        choice = _first(chunk.get("choices"))
        finish = choice.get("finish_reason")
        if isinstance(finish, str):
            self._finish = clean_line(finish, 40)
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return None
        text = _text(delta, "content")
        thought = _text(delta, "reasoning_content") or _text(delta, "reasoning")
        if not text and not thought:
            return None
        self._t = max(self._t, arrived.t)
        self._pieces += 1
        self._thoughts += not text
        self._characters += len(text) + len(thought)
        self._require_an_end()
        return self._token(self._veil.piece(text))

    def rest(self) -> Token | None:
        """What was held back of the last piece."""
        held = self._veil.rest()
        return self._token(held) if held else None

    def completed(self, t: float, *, over: bool) -> Completed:
        """The end of the answer. `over`: by its time limit. EndpointProblem where the stream ended in its middle."""
        host = self._asked.client.host
        if over and not self._asked_for:
            raise EndpointProblem("stalled", f"{host} took no request within the time limit of the answer.", SEE_LOG)
        if self._finish is None and not self._done and not over:
            raise EndpointProblem("cut", f"{host} ended its answer without saying that it is whole.", SEE_LOG)
        fields = self._account.fields(self._pieces, self._characters > 0)
        doubts = (*self._account.doubts, self._other, self._wait, self._odd_end())
        stop: StopReason = "time_limit" if over else _STOPS.get(self._finish or "", "eos")
        if stop == "max_tokens" and fields["output_tokens"] is not None and fields["output_tokens"] < self._most:
            stop = "context_full"
        return Completed(
            t=t,
            **self._names,
            **fields,
            output="".join(self._texts),
            stop_reason=stop,
            prefill_s=None,
            pieces=self._pieces,
            thought_pieces=self._thoughts,
            doubts=tuple(doubt for doubt in doubts if doubt),
        )

    def _odd_end(self) -> str:
        if self._finish is None:
            return "The server does not say why the answer ended." if self._done else ""
        return "" if self._finish in _STOPS else f"The server ended the answer for a reason of its own: {self._finish}."

    def _token(self, text: str) -> Token:
        self._texts.append(text)
        self._shown += 1
        return Token(t=self._t, request=self._request.id, index=self._shown - 1, text=text)

    def _require_an_end(self) -> None:
        most = self._most
        if self._pieces <= MOST_PIECES_A_TOKEN * most + SPARE and (
            self._characters <= MOST_CHARACTERS_A_TOKEN * most + SPARE
        ):
            return
        told = (
            f"{self._asked.client.host} does not end: {self._pieces:,} pieces, where at most {most:,} tokens were asked"
        )
        raise EndpointProblem("too_large", f"{told}.", SEE_LOG)


def _first(choices: object) -> dict[str, Any]:
    one = choices[0] if isinstance(choices, list) and choices else None
    return one if isinstance(one, dict) else {}


def _text(delta: dict[str, Any], field: str) -> str:
    found = delta.get(field)
    return found if isinstance(found, str) else ""
