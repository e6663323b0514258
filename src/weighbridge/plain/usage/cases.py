"""The actions of `weighbridge cases`, with the texts of --help. Imports nothing beyond the standard library."""

from __future__ import annotations

import argparse

_PACK = "id of a built-in pack, or a cases file (TOML)"
_ROWS = (
    ("list", "the built-in packs (the default)"),
    ("show", "the cases of a pack"),
    ("check", "whether a cases file holds; the line of what does not"),
    ("import", "make a pack of a JSONL, JSON or CSV file"),
    ("try", "ask a model one case: a rehearsal that leaves no evidence"),
)
_COLUMNS = """\
Columns or keys: id; prompt, input or question, or messages; context; target, expected, answer or ideal; grader;
must_pass; tags; why; max_tokens; time_limit_s; metadata. A list of targets means any of them. `grader` is a kind, or
a grader as a JSON object.

example:
  weighbridge cases import samples.jsonl -o my-cases.toml --grader match
"""


def add_actions(verb: argparse.ArgumentParser, made_by: type[argparse.ArgumentParser]) -> None:
    """Adds list, show, check, import and try."""
    actions = verb.add_subparsers(title="actions", dest="action", metavar="ACTION", parser_class=made_by)
    for name, text in _ROWS:
        action = actions.add_parser(
            name,
            help=text,
            description=f"{text}.",
            epilog=_COLUMNS if name == "import" else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="JSON")
        _options(action, name)


def _options(action: argparse.ArgumentParser, name: str) -> None:
    if name in ("show", "try"):
        action.add_argument("pack", metavar="PACK", help=_PACK)
    elif name == "check":
        action.add_argument("file", metavar="FILE", help="a cases file (TOML)")
    elif name == "import":
        action.add_argument("file", metavar="IN", help="a JSONL, JSON or CSV file in UTF-8")
        action.add_argument("-o", "--output", metavar="OUT", required=True, help="the cases file to write (TOML)")
        action.add_argument("--id", metavar="ID", help="id of the pack (default: the name of IN)")
        action.add_argument(
            "--grader", metavar="KIND", default="includes", help="for rows that give a target alone (default: includes)"
        )
        action.add_argument("--skip-bad", action="store_true", help="leave out the rows that cannot be taken")
        action.add_argument("--force", action="store_true", help="write over a file that is there")
    if name == "try":
        action.add_argument("case", metavar="CASE", help="id of the case")
        action.add_argument("model", metavar="MODEL", help="as for `weighbridge prove`")
