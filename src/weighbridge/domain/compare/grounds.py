"""What two packets have in common, and so what of them may be compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from weighbridge.domain.compare.case_rows import Pair, pairs
from weighbridge.domain.compare.comparison import Allowed, Part, Sameness, What
from weighbridge.domain.compare.server_rows import Said, same_server, served_machine, served_model
from weighbridge.domain.compare.side import JobConditions, Side, SideEval, SideProof
from weighbridge.domain.text import clean_line

MEMORY_SHARE = 0.01
"""Memory that differs by less is one machine's: kernels keep more or less of it for themselves."""
_MEMORY = "host_memory_capacity"
_NAMES = {
    "host_processor_model_name": "processor",
    "host_processor_core_count": "cores",
    _MEMORY: "memory",
    "operating_system": "operating system",
    "hw_notes": "architecture and usable cores",
}
UNKNOWN = "not known"


def sameness(old: Side, new: Side) -> tuple[Sameness, ...]:
    """Everything that is looked at before anything is compared, in the order in which it is said."""
    served = (
        [] if old.server is None and new.server is None else [_served("server", same_server(old.server, new.server))]
    )
    found = [*served, _cases(old, new), _model(old, new), _machine(old, new)]
    sides: tuple[tuple[Part, SideProof | SideEval | None, SideProof | SideEval | None], ...] = (
        ("proof", old.proof, new.proof),
        ("eval", old.evaluation, new.evaluation),
    )
    for part, one, other in sides:
        if one is None or other is None:
            continue
        if isinstance(one, SideProof) and isinstance(other, SideProof):
            same = one.prompt == other.prompt
            found.append(_row("prompt", part, same, "the same prompt" if same else "another prompt"))
        aligned = pairs(one, other) if isinstance(one, SideEval) and isinstance(other, SideEval) else ()
        found.append(_settings(part, one.conditions, other.conditions, aligned))
        found.append(_quiet(part, one.conditions, other.conditions))
    return tuple(found)


def allowed(old: Side, new: Side, same: Iterable[Sameness], aligned: int) -> Allowed:
    """What may be compared. `aligned`: cases with equal content and a result on both sides."""
    rows = tuple(same)
    cases = _cases_why(old, new, aligned)
    gate = cases or _rule_why(old, new)
    proof = _figures_why("proof", old.proof, new.proof, rows)
    evals = _figures_why("eval", old.evaluation, new.evaluation, rows)
    if not evals and not aligned:
        evals = "no case is in both"
    return Allowed(
        cases=not cases,
        cases_why=cases,
        gate=not gate,
        gate_why=gate,
        proof=not proof,
        proof_why=proof,
        eval=not evals,
        eval_why=evals,
    )


def _row(what: What, of: Part, same: bool, said: str) -> Sameness:
    return Sameness(what=what, of=of, same=same, said=clean_line(said, 400))


def _cases(old: Side, new: Side) -> Sameness:
    one, other = old.evaluation, new.evaluation
    if one is None or other is None:
        where = [name for name, side in (("the old", one), ("the new", other)) if side is None]
        return _row("cases", "packet", False, f"no cases were run for {' and '.join(where)} packet")
    if one.cases_digest == other.cases_digest:
        return _row("cases", "packet", True, f"the same {len(one.cases)} cases, by their digest")
    before = {case.id: case.content for case in one.cases}
    equal = sum(before.get(case.id) == case.content for case in other.cases)
    said = f"other cases: {equal} are the same in both, of {len(one.cases)} before and {len(other.cases)} now"
    return _row("cases", "packet", False, said)


def _served(what: What, said: Said) -> Sameness:
    return _row(what, "packet", *said)


def _model(old: Side, new: Side) -> Sameness:
    one, other = old.head, new.head
    if (by_name := served_model(old, new)) is not None:
        return _served("model", by_name)
    if one.model_sha256 is None or other.model_sha256 is None:
        return _row("model", "packet", False, f"{one.model or UNKNOWN}, {other.model or UNKNOWN}: no digest of both")
    if one.model_sha256 == other.model_sha256:
        return _row("model", "packet", True, f"the same file, {other.model}: SHA-256 {other.model_sha256[:12]}…")
    return _row("model", "packet", False, f"another file: {one.model} before, {other.model} now")


def _machine(old: Side, new: Side) -> Sameness:
    if (elsewhere := served_machine(old.server, new.server)) is not None:
        return _served("machine", elsewhere)
    apart, gaps = [], []
    for name, label in _NAMES.items():
        one, other = old.machine.get(name), new.machine.get(name)
        if one is None or other is None:
            gaps.append(label)
        elif one != other and not (name == _MEMORY and _near(one, other)):
            apart.append(f"{label} {_shown(name, one)} before, {_shown(name, other)} now")
    if apart:
        return _row("machine", "packet", False, "; ".join(apart))
    if gaps:
        return _row("machine", "packet", False, f"not known of both: {', '.join(gaps)}")
    return _row("machine", "packet", True, "the same processor, cores, memory and operating system")


def _near(one: str | int, other: str | int) -> bool:
    return isinstance(one, int) and isinstance(other, int) and abs(one - other) <= MEMORY_SHARE * max(one, other)


def _shown(name: str, value: str | int) -> str:
    return f"{value / 2**30:.1f} GiB" if name == _MEMORY and isinstance(value, int) else str(value)


def _settings(of: Part, old: JobConditions, new: JobConditions, aligned: Sequence[Pair]) -> Sameness:
    """Settings of the whole job, and the limit of each case that is in both."""
    names = [*old.settings, *(name for name in new.settings if name not in old.settings)]
    values = [(name, old.settings.get(name), new.settings.get(name)) for name in names]
    apart = [f"{name} {one or UNKNOWN} before, {other or UNKNOWN} now" for name, one, other in values if one != other]
    limits = [(one.max_tokens, other.max_tokens) for one, other in aligned if one.max_tokens != other.max_tokens]
    if limits:
        before, now = (limit or UNKNOWN for limit in limits[0])
        apart.append(f"max_tokens of {len(limits)} of {len(aligned)} cases, the first {before} before, {now} now")
    return _row("settings", of, not apart, "; ".join(apart) or "the same settings and engine")


def _quiet(of: Part, old: JobConditions, new: JobConditions) -> Sameness:
    loud = [
        f"the {name} was {side.mark}" + (f" ({' '.join(side.reasons)})" if side.reasons else "")
        for name, side in (("old run", old), ("new run", new))
        if side.mark != "quiet"
    ]
    return _row("quiet", of, not loud, "; ".join(loud) or "both runs were quiet")


def _current(part: str, old: JobConditions, new: JobConditions) -> Iterator[str]:
    for name, side in (("old", old), ("new", new)):
        if not side.current:
            yield f"the {part} of the {name} packet was made with something else than the packet names"


def _cases_why(old: Side, new: Side, aligned: int) -> str:
    one, other = old.evaluation, new.evaluation
    if one is None or other is None:
        return "not both packets have run cases"
    stale = "; ".join(_current("eval", one.conditions, other.conditions))
    return stale or ("" if aligned else "no case with a result is in both")


def _rule_why(old: Side, new: Side) -> str:
    """The gates of one rule over one set of cases are comparable."""
    one, other = old.evaluation, new.evaluation
    if one is None or other is None or one.gate is None or other.gate is None:
        return "not both gates were judged"
    if one.cases_digest != other.cases_digest:
        return "the gates are of other cases"
    return "" if one.gate.rule == other.gate.rule else "the gates were judged by another policy"


_WHY: dict[What, str] = {
    "server": "another server",
    "model": "another model",
    "machine": "another machine",
    "settings": "other settings",
    "prompt": "another prompt",
    "quiet": "not both runs were quiet",
}


def _figures_why(
    part: Part, old: SideProof | SideEval | None, new: SideProof | SideEval | None, same: Iterable[Sameness]
) -> str:
    if old is None or new is None:
        return f"not both packets have run {'a proof' if part == 'proof' else 'cases'}"
    why = [_WHY[row.what] for row in same if not row.same and row.what != "cases" and row.of in ("packet", part)]
    why += _current(part, old.conditions, new.conditions)
    digests = {old.conditions.model_sha256, new.conditions.model_sha256}
    if len(digests) > 1 and _WHY["model"] not in why:
        why.append(_WHY["model"])
    for side in (old, new):
        if isinstance(side, SideProof) and side.conditions.outcome != "completed":
            why.append("not both proofs came to their end")
    return ", ".join(dict.fromkeys(why))
