"""`weighbridge cases`: the built-in packs, a person's own file, the import of a data set, and one case tried."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean, clean_line
from weighbridge.domain.verdict.cases import CasePack
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.case_lines import case_lines, width, wrap
from weighbridge.plain.texts.figures import counted, table
from weighbridge.services.cases.case_import import Imported, import_cases, pack_of
from weighbridge.services.cases.packs import built_in_packs, find_pack, load_pack, save_pack, typed_path

MOST_NAMED = 50
"""Refused rows that are named for a person; --json names all."""


def main(args: Namespace) -> int:
    match args.action:
        case "show":
            _show(find_pack(args.pack), args.json)
        case "check":
            _check(load_pack(typed_path(args.file)), args.file, args.json)
        case "import":
            _import(args)
        case "try":
            from weighbridge.plain.verbs.case_try import run_try

            return run_try(find_pack(args.pack), args.case, args.model, args.json)
        case _:
            _list(args.json)
    return Exit.DONE


def _row(pack: CasePack) -> dict[str, Any]:
    policy = pack.default_policy()
    return {
        "id": pack.id,
        "title": pack.title,
        "cases": policy.cases,
        "disabled": len(pack.case) - policy.cases,
        "min_pass": policy.min_pass,
        "must_pass": list(policy.must_pass),
        "digest": pack.digest,
    }


def _list(as_json: bool) -> None:
    """One line a pack, for a program one object a line."""
    packs = built_in_packs().values()
    if as_json:
        for pack in packs:
            output.json_line(_row(pack))
        return
    output.text(table([(pack.id, _summary(pack)) for pack in packs]))
    output.text("`weighbridge cases show ID` shows the cases of one.")


def _summary(pack: CasePack) -> str:
    policy = pack.default_policy()
    always = f", {len(policy.must_pass)} always" if policy.must_pass else ""
    return clean_line(f"{counted(policy.cases, 'case')}, {policy.min_pass} must pass{always}: {pack.title or pack.id}")


def _show(pack: CasePack, as_json: bool) -> None:
    if as_json:
        output.json_line({**_row(pack), **pack.model_dump(mode="json", by_alias=True)})
        return
    columns = width()
    for paragraph in (_summary(pack), *clean(pack.description).strip().split("\n")):
        if paragraph:
            output.text("\n".join(wrap(paragraph, columns)))
    for case in pack.case:
        output.text()
        output.text(case_lines(case, columns))


def _check(pack: CasePack, name: str, as_json: bool) -> None:
    if as_json:
        output.json_line({"file": name, **_row(pack)})
    else:
        output.text(f"{clean_line(name)} holds: {_summary(pack)}")


def _import(args: Namespace) -> None:
    """Writes the pack, or nothing. Every row that is left out is told once; BadInput where that was not agreed to."""
    out = typed_path(args.output)
    if os.path.exists(out) and not args.force:
        raise BadInput(f"{clean_line(args.output)} is there already.", "--force writes over it.")
    imported = import_cases(typed_path(args.file), args.grader)
    alone = len(imported.refused) == 1
    if args.skip_bad or not alone:
        _tell_refused(imported)
    if not args.skip_bad:
        imported.require_whole(named=alone)
    pack = pack_of(imported, args.id or "")
    save_pack(pack, out, over=args.force)
    if args.json:
        output.json_line({"file": args.output, **_row(pack), **_told(imported)})
        return
    output.text(f"{clean_line(args.output)}: {imported.count}; {_summary(pack)}")
    if imported.left_out:
        output.text(f"columns left out: {clean_line(', '.join(imported.left_out))}")
    if imported.renamed:
        output.text(f"ids written in small letters, digits and hyphens: {imported.renamed:,}")


def _told(imported: Imported) -> dict[str, Any]:
    return {
        "taken": len(imported.cases),
        "refused": [{"place": bad.place, "reason": bad.reason} for bad in imported.refused],
        "left_out": list(imported.left_out),
        "renamed": imported.renamed,
    }


def _tell_refused(imported: Imported) -> None:
    for bad in imported.refused[:MOST_NAMED]:
        diagnostics.note(clean_line(bad.sentence, 400))
    more = len(imported.refused) - MOST_NAMED
    if more > 0:
        diagnostics.note(f"and {more:,} more")
