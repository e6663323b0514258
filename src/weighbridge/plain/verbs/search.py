"""`weighbridge search WORDS`: repositories of the Hub that hold GGUF files."""

from __future__ import annotations

from argparse import Namespace

from weighbridge.domain.model.hub import Query, SortKey, weights_count
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.plain import diagnostics, output
from weighbridge.plain.desk import scratch_session
from weighbridge.plain.exits import Exit
from weighbridge.plain.texts.hub import search_table
from weighbridge.session.deps import real_deps

MOST = 100
"""Most repositories of one search."""
_SORTS: dict[str, SortKey] = {"downloads": "downloads", "likes": "likes", "updated": "last_modified"}
_GATED = {None: None, "yes": True, "no": False}


def main(args: Namespace) -> int:
    query = Query(
        words=clean_line(" ".join(args.words)),
        max_params=None if args.max_params is None else parameters(args.max_params),
        licence=clean_line(args.licence or ""),
        gated=_GATED[args.gated],
        sort=_SORTS[args.sort],
        limit=_limit(args.limit),
    )
    with scratch_session(real_deps()) as (session, runner):
        found = runner.run(session.search(query))
    if args.json:
        for row in found:
            output.json_line(row.model_dump(mode="json"))
    elif found:
        output.text("\n".join(search_table(found)))
    if not found:
        diagnostics.say("nothing was found", "Try fewer words, or leave a limit out.")
    return Exit.DONE


def parameters(text: str) -> int:
    """A count of weights: 1B, 500M, 1.5b or 135000000. BadInput."""
    count = weights_count(text)
    if count is None:
        raise BadInput(f"--max-params: {clean_line(text, 60)} is no count of weights.", "Write 500M, 1B or 1.5B.")
    return count


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 9 and 1 <= int(text) <= MOST):
        raise BadInput(f"--limit: {clean_line(text, 60)} is no whole number from 1 to {MOST}.")
    return int(text)
