"""A case as a form of texts, for an editor: what stands in each field, and the case that the fields make."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError

from weighbridge.domain.base import Record
from weighbridge.domain.toml_words import sentence
from weighbridge.domain.verdict.cases import Case
from weighbridge.domain.verdict.grader_words import WrongField, parsed, words_of

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class CaseForm(Record):
    """Every field as it is typed. `conversation`: the prompt is a JSON list of messages, each with role and content."""

    id: str = ""
    prompt: str = ""
    conversation: bool = False
    context: str = ""
    kind: str = "includes"
    expected: str = ""
    options: str = ""
    must_pass: bool = False
    why: str = ""
    tags: str = ""
    max_tokens: str = ""
    time_limit_s: str = ""


def form_of(case: Case) -> CaseForm:
    """The form of a case as it stands."""
    kind, expected, options = words_of(case.grader)
    turns = [message.model_dump() for message in case.messages]
    return CaseForm(
        id=case.id,
        prompt=json.dumps(turns, ensure_ascii=False, indent=1) if turns else case.prompt,
        conversation=bool(turns),
        context=case.context,
        kind=kind,
        expected=expected,
        options=options,
        must_pass=case.must_pass,
        why=case.why,
        tags=", ".join(case.tags),
        max_tokens="" if case.max_tokens is None else str(case.max_tokens),
        time_limit_s="" if case.time_limit_s is None else f"{case.time_limit_s:g}",
    )


def case_of_form(form: CaseForm, before: Case | None = None) -> Case:
    """The case that a form makes; what was not touched stays to the letter as it is in `before`. WrongField."""
    if not ID.fullmatch(form.id.strip()):
        raise WrongField("id", "an id has small Latin letters, digits and hyphens, 64 at most")
    was = form_of(before) if before is not None else None

    def same(*names: str) -> bool:
        return was is not None and all(getattr(form, name) == getattr(was, name) for name in names)

    data: dict[str, Any] = {"id": form.id.strip(), "must_pass": form.must_pass}
    if before is not None:
        kept = ("why", "tags", "context", "max_tokens", "time_limit_s")
        data |= {"disabled": before.disabled, **{name: getattr(before, name) for name in kept if same(name)}}
    data |= {"prompt": before.prompt, "messages": before.messages} if before and same("prompt") else _asked(form)
    data.setdefault("why", form.why.strip())
    data.setdefault("tags", [tag.strip() for tag in form.tags.split(",") if tag.strip()])
    data.setdefault("context", form.context)
    data.setdefault("max_tokens", form.max_tokens.replace(",", "").strip() or None)
    data.setdefault("time_limit_s", form.time_limit_s.replace(",", "").strip() or None)
    untouched = before is not None and same("kind", "expected", "options")
    data["grader"] = before.grader if before and untouched else parsed(form.kind, form.expected, form.options)
    return _validated(data)


def _asked(form: CaseForm) -> dict[str, Any]:
    if not form.prompt.strip():
        raise WrongField("prompt", "write what the model is asked")
    if not form.conversation:
        return {"prompt": form.prompt}
    try:
        return {"messages": json.loads(form.prompt)}
    except (ValueError, RecursionError):
        example = '[{"role": "user", "content": "..."}]'
        raise WrongField("prompt", f"a conversation is a JSON list, for example {example}") from None


def _validated(data: dict[str, Any]) -> Case:
    try:
        return Case.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "prompt"
        field = {"messages": "prompt"}.get(name, name)
        where = "".join(f"{part}: " for part in first["loc"][1:])
        raise WrongField(field, f"{where}{sentence(first)}") from None
