"""A prompt as tokens, in the file's own chat template.

A template is code that came with the file. jinja2's sandbox keeps it from the system, not from looping for ever or from
building gigabytes, so it gets little time and little memory.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import llama_cpp.llama_cpp as C
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from weighbridge.domain.text import clean_line
from weighbridge.services.engine.child_guard import address_space
from weighbridge.services.engine.child_wire import TEMPLATE_HARD_LIMIT_S, TEMPLATE_LIMIT_S, Refused

MAX_TEMPLATE_BYTES = 64 * 1024
"""No known model needs more."""
MAX_COPIES = 16
"""How often a template may write its prompt, beside as many bytes of its own as a template may have."""
MEMORY_BYTES = 256 << 20

Message = Mapping[str, str]
"""One turn of a conversation: `role` and `content`."""


class _OutOfTime(BaseException):
    """Not an Exception, so that nothing in between takes it for a mistake of the template."""


def formatter(template: bytes, vocab: Any) -> Jinja2ChatFormatter:
    """The compiled template. Compiling computes what is constant in it, so that is limited too. Raises Refused."""
    if len(template) > MAX_TEMPLATE_BYTES:
        raise Refused(f"The chat template has {len(template):,} bytes; the limit is {MAX_TEMPLATE_BYTES:,}.")
    with _limited(), _told("The chat template cannot be read"):
        return Jinja2ChatFormatter(
            template.decode("utf-8"),
            eos_token=token_text(vocab, C.llama_vocab_eos(vocab)),
            bos_token=token_text(vocab, C.llama_vocab_bos(vocab)),
        )


def tokenise(template: Jinja2ChatFormatter | None, vocab: Any, prompt: str, messages: Sequence[Message] = ()) -> Any:
    """Prompt tokens (a ctypes array): the prompt in the file's chat template, or raw where it has none.

    `messages` (each with role and content) are given to the template in place of the prompt; without a template the
    prompt stands for them. The beginning-of-sequence token comes from the vocabulary's own rule unless the template
    wrote it already. Raises Refused where the template does not accept the prompt, makes too much of it, leaves its
    system message out, or nothing is left to compute.
    """
    text = prompt if template is None else _render(template, messages or [{"role": "user", "content": prompt}])
    bos = token_text(vocab, C.llama_vocab_bos(vocab))
    add_special = not (bos and text.startswith(bos))
    raw = text.encode("utf-8", "replace")
    needed = -C.llama_tokenize(vocab, raw, len(raw), None, 0, add_special, True)
    if needed <= 0:
        raise Refused("The prompt has no tokens.")
    tokens = (C.llama_token * needed)()
    C.llama_tokenize(vocab, raw, len(raw), tokens, needed, add_special, True)
    return tokens


def _render(template: Jinja2ChatFormatter, messages: Sequence[Message]) -> str:
    what = "prompt" if len(messages) == 1 else f"conversation ({', '.join(m['role'] for m in messages)})"
    with _limited(), _told(f"The chat template fails on the {what}"):
        text = str(template(messages=[dict(m) for m in messages]).prompt)
    most = MAX_TEMPLATE_BYTES + MAX_COPIES * sum(len(m["content"]) for m in messages)
    if len(text) > most:
        raise Refused(f"The chat template makes {len(text):,} characters of the {what}; the limit is {most:,}.")
    if any(m["role"] == "system" and m["content"].strip() not in text for m in messages):
        raise Refused("The chat template leaves the system message out: put its text into the first user message.")
    return text


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Any failure as a sentence."""
    try:
        yield
    except MemoryError:
        raise Refused(f"{what}: it takes more than {MEMORY_BYTES >> 20} MiB of memory.") from None
    except _OutOfTime:
        raise Refused(f"{what}: it takes longer than {TEMPLATE_LIMIT_S:g} s.") from None
    except Exception as error:
        # A template speaks to the person by raise_exception, which is a ValueError.
        said = str(error).strip() if type(error) is ValueError else ""
        raise Refused(f"{what}: {clean_line(said or repr(error), 120).rstrip('.')}.") from error


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """For the main thread. Where the system has no such timers, the supervisor's patience is the limit."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    running = True

    def give_up(_number: int, _frame: object) -> None:
        if running:
            raise _OutOfTime

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, TEMPLATE_LIMIT_S)
    signal.setitimer(signal.ITIMER_PROF, TEMPLATE_HARD_LIMIT_S)
    try:
        with address_space(MEMORY_BYTES):
            yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGVTALRM, before)


def token_text(vocab: Any, token: int) -> str:
    """The vocabulary's text for a special token; empty where the model has no such token."""
    return C.llama_vocab_get_text(vocab, token).decode("utf-8", "replace") if token >= 0 else ""
