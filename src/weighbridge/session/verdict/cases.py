"""Changing the cases of a run. Each change makes another pack: its digest, and so the baseline, is another one.

A pack that was built in gets the id `<id>-edited` with its first change: the id of a built-in pack stands in reports
and comparisons for the cases that everybody has, and must not stand for others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from weighbridge.domain import intents as want
from weighbridge.domain.problems import BadInput, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_words import sentence
from weighbridge.domain.verdict.cases import Case, CasePack
from weighbridge.services.cases.packs import built_in_ids, built_in_pack

if TYPE_CHECKING:
    from weighbridge.session.session import Session

EDITED = "-edited"
_LONGEST_ID = 64


def case_of(pack: CasePack, case_id: str) -> Case:
    """A case by its id. BadInput where the pack has none of that id."""
    found = next((case for case in pack.case if case.id == case_id), None)
    if found is None:
        named = pack.id if pack.id in built_in_ids() else "FILE"
        hint = f"`weighbridge cases show {named}` shows its cases."
        raise BadInput(f"{pack.id} has no case {clean_line(case_id, 80)}.", hint)
    return found


def with_case(pack: CasePack, case: Case, instead_of: str = "") -> CasePack:
    """A case more, at the end; or in the place of another one. BadInput where another case has its id."""
    if not instead_of:
        return _made(pack, (*pack.case, case))
    case_of(pack, instead_of)
    return _made(pack, [case if one.id == instead_of else one for one in pack.case])


def with_cases(pack: CasePack, cases: Sequence[Case]) -> CasePack:
    """Several cases more, at the end."""
    return _made(pack, (*pack.case, *cases))


def without_case(pack: CasePack, case_id: str) -> CasePack:
    """A case less. BadInput where too few would be asked."""
    case_of(pack, case_id)
    return _made(pack, [one for one in pack.case if one.id != case_id])


def with_must_pass(pack: CasePack, case_id: str) -> CasePack:
    """A case becomes one that must pass, or one like the others again."""
    case = case_of(pack, case_id)
    return with_case(pack, case.model_copy(update={"must_pass": not case.must_pass}), case_id)


def with_disabled(pack: CasePack, case_id: str) -> CasePack:
    """A case is kept and not asked, or is asked again. BadInput where too few would be asked."""
    case = case_of(pack, case_id)
    return with_case(pack, case.model_copy(update={"disabled": not case.disabled}), case_id)


def with_moved(pack: CasePack, case_id: str, by: int) -> CasePack:
    """A case so many places further down, or up where `by` is negative; at most to the end."""
    cases = list(pack.case)
    at = cases.index(case_of(pack, case_id))
    cases.insert(max(0, min(len(cases) - 1, at + by)), cases.pop(at))
    return _made(pack, cases)


def _made(pack: CasePack, cases: Sequence[Case]) -> CasePack:
    """The pack with these cases. A threshold of its own that they no longer reach becomes all of them."""
    asked = sum(not case.disabled for case in cases)
    policy = pack.policy
    if policy is not None and policy.min_pass > asked > 0:
        policy = policy.model_copy(update={"min_pass": asked})
    data: dict[str, Any] = {"title": pack.title, "description": pack.description, "policy": policy}
    try:
        made = CasePack(id=edited_id(pack.id), case=tuple(cases), **data)
    except ValidationError as error:
        raise BadInput(f"{_words(error)}.", "Add another case first, or change this one.") from None
    return _as_it_was(pack, made)


def _words(error: ValidationError) -> str:
    return clean_line(sentence(error.errors(include_url=False)[0]))


def edited_id(pack_id: str) -> str:
    """The id of a pack once it is changed."""
    return pack_id[: _LONGEST_ID - len(EDITED)] + EDITED if pack_id in built_in_ids() else pack_id


def _as_it_was(pack: CasePack, made: CasePack) -> CasePack:
    """The built-in pack itself, where every change of it was taken back."""
    origin = pack.id.removesuffix(EDITED)
    if origin not in built_in_ids() or edited_id(origin) != made.id:
        return made
    whole = built_in_pack(origin)
    return whole if made.model_copy(update={"id": origin}) == whole else made


def use_cases(session: Session, pack: CasePack) -> Run:
    """The run takes a changed pack. Threshold and time limit that the person typed stay, as far as the cases reach.

    Refused while the eval runs.
    """
    if session.job is not None and session.job.name == "eval":
        raise Refused("The eval is running with these cases.", "Wait for its end, or stop it in step 7.")
    before, policy = session.run.pack, session.run.policy
    run = session.apply(want.UsePack(pack=pack))
    if before is None or policy is None:
        return run
    was, new = before.default_policy(), pack.default_policy()
    if policy.min_pass not in (was.min_pass, new.min_pass):
        run = session.apply(want.ChangeThreshold(min_pass=str(min(policy.min_pass, len(pack.active)))))
    if policy.time_limit_s not in (was.time_limit_s, new.time_limit_s):
        run = session.apply(
            want.ChangeTimeLimit(seconds="" if policy.time_limit_s is None else str(policy.time_limit_s))
        )
    return run
