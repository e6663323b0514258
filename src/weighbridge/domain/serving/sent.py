"""Which runtime settings reach a server: the others are its own affair, whatever is chosen here."""

from __future__ import annotations

from weighbridge.domain.proof.settings import HeardSettings, RuntimeSettings
from weighbridge.domain.serving.target import Target

WITH_A_REQUEST = ("max_tokens", "temperature", "seed", "repeats")
"""What every server is asked for: each request carries it, or is repeated."""
NOT_SENT = "not sent: the server decides"


def sent(target: Target) -> tuple[str, ...]:
    """Names of the settings that reach it: Ollama takes context and threads, a server started here threads."""
    if target.api == "ollama":
        return ("n_ctx", "n_threads", *WITH_A_REQUEST)
    return ("n_threads", *WITH_A_REQUEST) if target.origin == "started" else WITH_A_REQUEST


def not_sent(target: Target | None) -> tuple[str, ...]:
    """Names of the settings that do not reach it; none for the child on this machine."""
    reach = () if target is None else sent(target)
    return tuple(name for name in RuntimeSettings.model_fields if name not in reach) if reach else ()


def gaps(target: Target | None, field: str = "settings") -> dict[str, str]:
    """The same as keys of a record's `missing`, each with the reason. `field`: of the record, that holds settings."""
    return {f"{field}.{name}": NOT_SENT for name in not_sent(target)}


def heard(settings: RuntimeSettings, target: Target | None) -> HeardSettings:
    """Settings as a record keeps them: null for those that a server was never sent."""
    return HeardSettings.model_validate(settings.model_dump() | dict.fromkeys(not_sent(target)))


def as_heard(said: HeardSettings, settings: RuntimeSettings, target: Target | None) -> bool:
    """Whether a record says these settings. One of an earlier version says those too that no server heard."""
    return said in (heard(settings, target), heard(settings, None))
