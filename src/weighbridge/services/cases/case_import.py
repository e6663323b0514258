"""Cases from a person's data set: JSONL, JSON or CSV. Every row is taken, or named with the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.domain.toml_words import sentence
from weighbridge.domain.verdict.cases import MIN_CASES, Case, CasePack
from weighbridge.domain.verdict.imported import KINDS, KNOWN, CannotTake, case_of_row, id_of
from weighbridge.services.cases.case_rows import BadRow, Row, read_rows

SKIP_HINT = "Correct these rows, or leave them out with --skip-bad."


@dataclass(frozen=True)
class Imported:
    """The cases of a file, and what was not taken over.

    `refused`: rows that are no case. `left_out`: names of columns that say nothing of a case. `renamed`: cases whose
    id had to be written in small letters, digits and hyphens.
    """

    name: str
    cases: tuple[Case, ...]
    refused: tuple[BadRow, ...] = ()
    left_out: tuple[str, ...] = ()
    renamed: int = 0

    @property
    def count(self) -> str:
        """`12 rows taken, 1 refused`."""
        return f"{len(self.cases):,} row{'' if len(self.cases) == 1 else 's'} taken, {len(self.refused):,} refused"

    def require_whole(self, hint: str = SKIP_HINT, named: bool = True) -> None:
        """BadInput where a row was refused; `named`: with the first of them and its reason."""
        if self.refused:
            total = len(self.cases) + len(self.refused)
            first = f"; {self.refused[0].sentence}" if named else "."
            rows = "row" if total == 1 else "rows"
            raise BadInput(f"{self.name}: {len(self.refused):,} of {total:,} {rows} cannot be taken{first}", hint)


def import_cases(path: Path, kind: str = "includes") -> Imported:
    """The cases of a file; `kind`: the grader of rows that give a target alone. BadInput where there is no such file,
    no such grader, or no row."""
    if kind not in KINDS:
        raise BadInput(f"There is no grader {clean_line(kind, 60)}.", f"There are: {', '.join(KINDS)}.")
    name = clean_line(path.name)
    rows = read_rows(path, KNOWN)
    cases: dict[str, Case] = {}
    places: dict[str, str] = {}
    bad, left_out, renamed = list(rows.bad), set[str](), 0
    for row in rows.good:
        try:
            taken = case_of_row(row.cells, row.number, kind)
            _new(taken.case.id, places, row)
        except CannotTake as reason:
            bad.append(BadRow(row.place, str(reason)))
            continue
        cases[taken.case.id] = taken.case
        left_out |= taken.left_out
        renamed += taken.renamed
    bad.sort(key=lambda one: int(one.place.split()[-1]))
    return Imported(name, tuple(cases.values()), tuple(bad), tuple(sorted(left_out)), renamed)


def _new(case_id: str, places: dict[str, str], row: Row) -> None:
    """CannotTake where an earlier row has the id."""
    if case_id in places:
        raise CannotTake(f"its id {case_id} is that of {places[case_id]} too")
    places[case_id] = row.place


def pack_of(imported: Imported, pack_id: str = "", title: str = "") -> CasePack:
    """A pack of these cases; its id is that of the file where none is given. BadInput, for example below five cases."""
    own = pack_id or id_of(imported.name.rpartition(".")[0] or imported.name) or "imported"
    try:
        return CasePack.model_validate({"id": own, "title": title, "case": imported.cases})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{imported.name}: {where}: {sentence(first)}.", _few_hint(imported)) from None


def _few_hint(imported: Imported) -> str:
    """The way out where too few rows are left for a pack."""
    if len(imported.cases) >= MIN_CASES:
        return ""
    missing = MIN_CASES - len(imported.cases)
    more = f"add {missing:,} row{'' if missing == 1 else 's'} at least"
    return f"Correct the refused rows, or {more}." if imported.refused else f"{more.capitalize()}."
