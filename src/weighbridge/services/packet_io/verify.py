"""Checks a packet that somebody else may have written: the bag, the schemas, and what its files say of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.packet_io import bag, redactions
from weighbridge.services.packet_io.bag_info import check_info
from weighbridge.services.packet_io.checks import form
from weighbridge.services.packet_io.checks.answers import check_answers
from weighbridge.services.packet_io.checks.bag import (
    check_declaration,
    check_digests,
    check_extra,
    check_oxum,
    check_tags,
    read_info,
    read_manifest,
)
from weighbridge.services.packet_io.checks.card import check_card
from weighbridge.services.packet_io.checks.derived import (
    check_decision,
    check_forecast,
    check_formulas,
    check_list,
    check_route,
)
from weighbridge.services.packet_io.checks.elsewhere import check_notebook, check_server
from weighbridge.services.packet_io.checks.eval import check_cases, check_gate, check_results
from weighbridge.services.packet_io.checks.figures import (
    check_attempts,
    check_events,
    check_proof,
    check_recipe,
    check_runtime,
)
from weighbridge.services.packet_io.checks.gaps import check_gaps
from weighbridge.services.packet_io.checks.identity import check_model, check_names, check_status
from weighbridge.services.packet_io.checks.licence import check_licence
from weighbridge.services.packet_io.checks.load import check_load
from weighbridge.services.packet_io.checks.pages import check_report, check_tables, check_texts
from weighbridge.services.packet_io.checks.rentals import check_rentals
from weighbridge.services.packet_io.checks.requests import check_requests
from weighbridge.services.packet_io.checks.threads import check_threads
from weighbridge.services.packet_io.checks.times import check_times
from weighbridge.services.packet_io.checks.tries import check_baselines, check_spent, check_tries
from weighbridge.services.packet_io.contents import RECORDS, Contents, read_contents
from weighbridge.services.packet_io.inventory import Inventory, take_inventory
from weighbridge.services.packet_io.owed import owed
from weighbridge.services.packet_io.report import Check, Report, area
from weighbridge.services.packet_io.signature import check_signature
from weighbridge.services.packet_io.uncollected import uncollected

EVENTS, RESULTS, CASES = "data/events.jsonl", "data/eval/results.jsonl", "data/eval/cases.jsonl"
SERVER, RENTALS, NOTEBOOK, LOAD = (
    "data/server.json",
    "data/rentals.json",
    "data/notebook.json",
    "data/load.json",
)
MODEL, CARD, DECLARED, LICENCE, POLICY, RECIPE, SYSTEM = (
    "data/model/model.json",
    "data/model/card-facts.json",
    "data/model/declared-facts.json",
    "data/model/licence.json",
    "data/policy.json",
    "data/recipe.json",
    "data/system.json",
)


class Area(NamedTuple):
    """One kind of check. `needs`: the files without which nothing can be said of it. `only`: it is made only where one
    of these files is there."""

    name: str
    holds: str
    look: Callable[[Contents], Iterable[str]]
    needs: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


_FACTS = (MODEL, CARD, DECLARED)
_ELSEWHERE = (RENTALS, NOTEBOOK)
_TOLD = (MODEL, CARD, DECLARED, LICENCE, CASES, RESULTS, POLICY)
CROSS = (
    Area("identity", "one packet, run, route and decision in every file", check_names, (bag.INFO,)),
    Area("bag-info.txt", "the records, byte for byte", check_info, (bag.INFO, MODEL)),
    Area("model", "one model in every file and attempt", check_model, (MODEL, bag.INFO)),
    Area("model card", "carried as model.json says; quotes stand in it", check_card, (MODEL, CARD, DECLARED)),
    Area("gaps", "what is missing says why, and what is known needs no reason", check_gaps, _FACTS),
    Area("licence", "class, refusal and override follow", check_licence, (MODEL, CARD, LICENCE)),
    Area("status", "what is planned claims no measurement", check_status),
    Area("route", "the route card follows from the constraints", check_route),
    Area("forecast", "sums and verdict of the forecast follow from its figures", check_forecast),
    Area("cases", "the policy fixed their digest before they ran", check_cases, (CASES, POLICY)),
    Area("marks", "every stored answer, marked again, gets its mark", check_results, (CASES, RESULTS)),
    Area("gate", "k of n, interval and gate follow from the results", check_gate, (RESULTS, POLICY)),
    Area("answers", "every result is what the events say", check_answers, (EVENTS, RESULTS, CASES)),
    Area("events", "every answer is what its tokens say", check_events, (EVENTS,)),
    Area("requests", "asked, read, answered and marked as one", check_requests, (EVENTS,)),
    Area("times", "child, sampler and marks each go forward in time", check_times, (EVENTS,)),
    Area("threads", "as fixed, or as the trials of the same child say", check_threads, (EVENTS,)),
    Area("figures", "the proof's record and figures follow from the events", check_proof, (EVENTS, SYSTEM)),
    Area("recipe", "what the proof was run with, from the events", check_recipe, (EVENTS, MODEL, RECIPE)),
    Area("runtime", "command and comparison follow from the records", check_runtime, (EVENTS, MODEL)),
    Area("attempts", "every attempt of the events is listed with its log", check_attempts, (EVENTS,)),
    Area("tables", "shutdown.md and the tables are the events, byte for byte", check_tables, (EVENTS,)),
    Area("texts", "README, notes, plan and schemas are the records, byte for byte", check_texts, _TOLD),
    Area("page", "report.html is the records, byte for byte", check_report, RECORDS),
    Area("redactions", "each label stands where the list says, as often", redactions.check_redactions, (EVENTS,)),
    Area("formulas", "the rules quoted are those of this program", check_formulas),
    Area("server", "one server in every file", check_server, (EVENTS, MODEL, RENTALS), (SERVER,)),
    Area("rentals", "cost is seconds x price, the stop is of the last stage", check_rentals, (), (RENTALS,)),
    Area("notebook", "whether it was reset follows from its marks", check_notebook, (), (NOTEBOOK,)),
    Area("load", "every step follows from its requests", check_load, (CASES, POLICY), (LOAD, LOAD + "l")),
    Area("baselines", "their sums, models and cases", check_baselines, (EVENTS,)),
    Area("tries", "each answers an eval that FAILED", check_tries, (POLICY,)),
    Area("cost", "what each job has cost, counted again", check_spent, (EVENTS,)),
    Area(
        "decision",
        "it is among what the evidence allows",
        check_decision,
        (CASES, RESULTS, POLICY, MODEL, *_ELSEWHERE),
    ),
    Area("completeness", "the list is what the records give", check_list, (MODEL, CARD, SYSTEM, *_ELSEWHERE)),
)


def verify_packet(path: Path, *, strict: bool = False, signers: Path | None = None) -> Report:
    """Every check of the packet at `path`. Never raises for what is in it; BadInput where there is no packet.

    `strict`: what is still owed is a failure too. `signers`: OpenSSH's allowed_signers file; then the packet must have
    the signature of somebody in it.
    """
    report, contents = read_packet(path, signers)
    if not strict or contents.decision is None:
        return report
    lacks = [Check(name="owed", ok=False, detail=f"{item.title}: {item.reason}") for item in owed(contents.decision)]
    return report.model_copy(update={"ok": report.ok and not lacks, "checks": (*report.checks, *lacks)})


@uncollected()
def read_packet(path: Path, signers: Path | None = None) -> tuple[Report, Contents]:
    """The same, with the records that were checked: they are to be used only where the report is ok."""
    _is_packet(path)
    files = take_inventory(path)
    checks = _bag(files)
    if signed := check_signature(path, files.sizes.get(bag.SIGNATURE), signers):
        checks.append(signed)
    info: dict[str, str] = {}
    contents = Contents(info, set(), files.text)

    if other := form.other_form(files):
        checks.append(Check(name=form.AREA, ok=False, checked=False, detail=other.why))
        return Report(ok=False, checks=tuple(checks), seal=_seal(files), form=other.form), contents

    def read() -> list[str]:
        nonlocal contents
        contents = read_contents(files, info)
        try:
            info.update(read_info(files))
        except (OSError, ValueError) as error:
            contents.unread.add(bag.INFO)
            contents.problems.insert(0, str(error))
        return contents.problems

    checks += area("schemas", "every known file is of its form", read)
    if bag.INFO in contents.unread:
        checks.append(_not_checked("Payload-Oxum", f"{bag.INFO} cannot be read"))
    else:
        checks += area("Payload-Oxum", "bytes and files of the payload", lambda: check_oxum(files, info))
    checks += _cross(contents)
    owes = len(list(owed(contents.decision))) if contents.decision else None
    done = Report(ok=all(check.ok for check in checks), checks=tuple(checks), seal=_seal(files), owes=owes)
    return done, contents


def _cross(contents: Contents) -> list[Check]:
    """What the files say of each other; nothing of that holds where the two main files cannot be read."""
    main = {"data/decision.json": contents.decision, "data/runtime.json": contents.runtime}
    if gone := [name for name, record in main.items() if record is None]:
        return [_not_checked("cross references", f"{' and '.join(gone)} cannot be read")]
    found: list[Check] = []
    for one in CROSS:
        if one.only and contents.present.isdisjoint(one.only):
            continue
        if lacks := sorted(contents.unread & set(one.needs)):
            found.append(_not_checked(one.name, f"{', '.join(lacks)} cannot be read"))
        else:
            found += area(one.name, one.holds, partial(one.look, contents))
    return found


def _not_checked(name: str, why: str) -> Check:
    return Check(name=name, ok=False, checked=False, detail=f"not checked: {why}")


def _bag(files: Inventory) -> list[Check]:
    payload = read_manifest(files, bag.MANIFEST)
    tags = read_manifest(files, bag.TAG_MANIFEST)
    count = f"{len(payload.digests)} files, every SHA-256 as in the manifest"
    broken = [listed.name for listed in (payload, tags) if not listed.whole]
    extra = area("no other files", "nothing was added", lambda: check_extra(files, payload, tags))
    if broken:
        why = f"{' and '.join(broken)} cannot be read whole, so that what was added is not known"
        extra = [*(check for check in extra if not check.ok), _not_checked("no other files", why)]
    return [
        *area("bagit.txt", "BagIt 1.0, UTF-8", lambda: check_declaration(files)),
        *area("manifest", count, lambda: check_digests(files, payload)),
        *area("tag files", "as in the tag manifest", lambda: check_tags(files, tags)),
        *extra,
    ]


def _is_packet(path: Path) -> None:
    name = clean_line(str(path))
    try:
        if path.is_file():
            raise BadInput(f"{name} is a file, and a packet is a folder.", "Name the packet's folder.")
        if not path.is_dir():
            raise BadInput(f"There is no folder {name}.", "Name the packet's folder.")
        signs = [tag for tag in (*bag.TAG_FILES, bag.TAG_MANIFEST) if (path / tag).exists()]
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(f"{name} cannot be read: {why}.", "Check the path and its rights.") from None
    if not signs:
        raise BadInput(f"{name} is not a packet: it has no {bag.BAGIT}.", "Name the folder that holds bagit.txt.")


def _seal(files: Inventory) -> str:
    try:
        return files.sha256(bag.TAG_MANIFEST) if bag.TAG_MANIFEST in files.sizes else ""
    except OSError:
        return ""
