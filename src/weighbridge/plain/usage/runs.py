"""The actions of `weighbridge runs`, with the texts of --help."""

from __future__ import annotations

import argparse

_ROWS = (
    ("list", "the runs, the one worked on last first (the default)"),
    ("show", "where each step of a run stands"),
    ("resume", "go on with a run in the wizard"),
    ("rename", "give a run a name of your own"),
    ("delete", "delete a run and its evidence; packets stay"),
    ("export", "write a run to one .zip file, without paths of this machine"),
    ("import", "take in a run that was exported; its answers are graded again"),
    ("mend", "set a damaged job of a run's events aside"),
    ("disk", "what the runs, downloads and caches take"),
)
_WHERE = "a name that ends in .zip is the file, any other its folder (default: here)"
_WORD = "only runs that hold every word, in id, name, model, task, route, gate or decision"


def add_actions(verb: argparse.ArgumentParser, parser_class: type[argparse.ArgumentParser]) -> None:
    """`weighbridge runs ACTION ...`: what each action takes."""
    actions = verb.add_subparsers(title="actions", dest="action", metavar="ACTION", parser_class=parser_class)
    for name, text in _ROWS:
        action = actions.add_parser(name, help=text, description=f"{text}.", allow_abbrev=False)
        _options(action, name)
        if name != "resume":
            action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="JSON")


def _options(action: argparse.ArgumentParser, name: str) -> None:
    if name == "list":
        action.add_argument("words", nargs="*", metavar="WORD", help=_WORD)
    elif name == "import":
        action.add_argument("file", metavar="FILE", help="a file that `runs export` wrote")
    elif name != "disk":
        action.add_argument("id", metavar="ID", help="id of a run, or a beginning that no other run has")
    if name == "delete":
        action.add_argument("--yes", action="store_true", help="do not ask")
    elif name == "rename":
        action.add_argument("name", metavar="NAME", help="at most 80 characters; '' takes the name back")
    elif name == "export":
        action.add_argument("-o", "--output", metavar="PATH", default=".", help=_WHERE)
    elif name == "resume":
        action.add_argument("--plain", action="store_true", help="line prompts instead of the wizard")
