"""Arguments of the verbs for models that run somewhere else: notebook, import, export, load, jobs."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Add = Callable[..., argparse.ArgumentParser]
"""Makes one verb: name, what it does, an example, and what --json gives."""

EXPORTS = ("skypilot", "dstack", "vllm", "sglang", "llama-server", "ollama", "transformers")


def add_verbs(add: Add) -> None:
    """In the order of the help page."""
    _notebook(add)
    _import(add)
    _export(add)
    _load(add)
    _jobs(add)


def key_over_http(verb: argparse.ArgumentParser) -> None:
    """For every verb whose MODEL may be a server."""
    verb.add_argument(
        "--key-over-http",
        action="store_true",
        help="send WEIGHBRIDGE_API_KEY to a public host unencrypted; the packet says so",
    )


def _notebook(add: Add) -> None:
    verb = add("notebook", "a plan as a notebook for a free runtime", "weighbridge notebook plan.toml -o proof.ipynb")
    verb.add_argument("plan", metavar="PLAN", help="the answers, a TOML file")
    verb.add_argument("-o", "--output", metavar="FILE", required=True, help="where the notebook goes")
    verb.add_argument("--run", action="store_true", help="drive it with Google's `colab` command, and stop the runtime")
    verb.add_argument("--gpu", metavar="NAME", help="accelerator to ask for: T4, ... (default: none)")
    verb.add_argument("--time-limit", metavar="MIN", default="60", help="minutes until it is stopped (default: 60)")
    verb.add_argument("--package", metavar="SPEC", help="what pip installs, or '' (default: the notebook's own)")


def _import(add: Add) -> None:
    verb = add("import", "what ran in a notebook, back into its run", "weighbridge import proof_output.ipynb", "JSON")
    verb.add_argument("file", metavar="FILE", help="a packet (folder or .zip), or an executed notebook that holds one")
    verb.add_argument("--into", metavar="ID", help="the run that planned it (default: the newest that fits)")
    verb.add_argument("--link", metavar="URL", help="address of the notebook, as evidence")


def _export(add: Add) -> None:
    verb = add("export", "a plan as task file or command of another tool", "weighbridge export skypilot plan.toml")
    verb.add_argument("format", choices=EXPORTS, help="what for")
    verb.add_argument("plan", metavar="PLAN", help="the answers, a TOML file")
    verb.add_argument("-o", "--output", metavar="FILE", help="where it goes (default: standard output)")


def _load(add: Add) -> None:
    verb = add("load", "the cases at 1, 2, 4, 8 requests at once", "weighbridge load https://host/v1#name", "JSON")
    verb.add_argument("model", metavar="MODEL", help="https://host/v1#name, ollama:NAME or transformers:FOLDER")
    key_over_http(verb)
    verb.add_argument("--concurrency", metavar="LIST", default="1,2,4,8", help="default: 1,2,4,8")
    verb.add_argument("--requests", metavar="N", help="a step (default: each case twice or more, 4 for each at once)")
    verb.add_argument("--cases", metavar="PACK", help="a pack of cases, or a file of yours (default: course-qa)")
    verb.add_argument("--max-tokens", metavar="N", help="most tokens of one answer (default: 128)")
    verb.add_argument("--time-limit", metavar="MIN", help="minutes until no request begins any more (default: 30)")


def _jobs(add: Add) -> None:
    verb = add("jobs", "rented GPUs that weighbridge started, and their stop", "weighbridge jobs stop all", "JSON")
    verb.add_argument("action", nargs="?", choices=("list", "stop", "hardware"), default="list", help="default: list")
    verb.add_argument("id", nargs="?", metavar="ID", help="of a job, or all: with stop")
