"""Verbs and options, with the texts of --help. Imports nothing beyond the standard library and the writers."""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from weighbridge import __version__
from weighbridge.plain import diagnostics, output
from weighbridge.plain.exits import Exit
from weighbridge.plain.usage.elsewhere import add_verbs, key_over_http
from weighbridge.plain.usage.runs import add_actions

if TYPE_CHECKING:
    Verbs = argparse._SubParsersAction["Parser"]

_MODEL = "`bundled`, the path of a .gguf file, org/repo[@revision][:file.gguf] of the Hub, or its address"
_SERVED = f"{_MODEL}; or a server: https://host/v1#name, ollama:NAME, transformers:FOLDER"
_KV_TYPE = "type of the KV cache: f16 (the default) or q8_0, about half as large"
_FAILING = "exit code 5 where something became worse, or where nothing may be compared: then none can be ruled out"
_EPILOG = """\
examples:
  weighbridge                                the wizard: nine steps from the first question to a packet
  weighbridge fit org/repo --ctx 8192        what its files need on this machine, before one is downloaded
  weighbridge run plan.toml -o packet        all nine steps without questions
  weighbridge compare old new                two packets side by side: what became worse?

Line prompts come by themselves with TERM=dumb, with ACCESSIBLE=1, and where there is no terminal.
WEIGHBRIDGE_HOME names the folder that keeps runs and downloaded models. NO_COLOR is respected.
Of servers: WEIGHBRIDGE_API_KEY is the key, OLLAMA_HOST the address of Ollama, SSL_CERT_FILE an authority of your own,
WEIGHBRIDGE_TRANSFORMERS_PYTHON the Python that has transformers.
HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE mean what they mean to the Hub's own client.

exit codes: 0 done, 2 the input is wrong, 3 refused, 4 something outside failed, 5 a check failed, 130 interrupted
"""


class Parser(argparse.ArgumentParser):
    """Speaks through the two writers; a wrong option gets one sentence and the way out."""

    def error(self, message: str) -> NoReturn:
        diagnostics.say(message, f"`{self.prog} --help` shows what is possible.")
        raise SystemExit(int(Exit.INPUT))

    def _print_message(self, message: str, file: Any = None) -> None:
        output.ask(message)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = Parser(
        prog="weighbridge",
        description="Weighs an open-weight model on this machine before anyone commits to it,"
        " and hands out an evidence packet.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"weighbridge {__version__}")
    top.add_argument("--plain", action="store_true", help="line prompts instead of the full-screen wizard")
    which = top.add_mutually_exclusive_group()
    which.add_argument("--new", action="store_true", help="start a new run, even if one is unfinished")
    which.add_argument("--run", metavar="ID", help="go on with this run (`weighbridge runs` lists them)")
    verbs = top.add_subparsers(title="verbs", dest="verb", metavar="VERB", parser_class=Parser)
    adders = (
        *(_route, _search, _fit, _card, _download, _prove, _run, _verify, _sign),
        *(_compare, _replay, _runs, _cases, _schema),
    )
    for add in adders:
        add(verbs)
    add_verbs(partial(_verb, verbs))
    _doctor(verbs)
    return top


def _verb(verbs: Verbs, name: str, text: str, example: str, json: str = "") -> argparse.ArgumentParser:
    verb = verbs.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if json:
        verb.add_argument("--json", action="store_true", help=json)
    return verb


def _route(verbs: Verbs) -> None:
    verb = _verb(verbs, "route", "the decision for a constraint card", "weighbridge route card.json --format json")
    verb.add_argument("card", nargs="?", metavar="CARD", help="constraint card, a JSON file; - for standard input")
    verb.add_argument("--format", choices=("text", "json", "lesson"), default="text", help="default: text")
    verb.add_argument("--families", metavar="FILE", help="your own families (TOML), added to the built-in table")


def _search(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "search",
        "GGUF models on the Hub",
        "weighbridge search qwen instruct --max-params 1B --licence apache-2.0",
        json="one object a line",
    )
    verb.add_argument("words", nargs="+", metavar="WORDS", help="words of the name")
    verb.add_argument("--max-params", metavar="N", help="at most so many weights: 500M, 1B, 1.5B")
    verb.add_argument("--licence", metavar="ID", help="a licence id of the Hub: apache-2.0, mit, llama3.2")
    verb.add_argument("--gated", choices=("yes", "no"), help="only those that ask for access, or only the others")
    sorts = ("downloads", "likes", "updated")
    verb.add_argument("--sort", choices=sorts, default=sorts[0], help="default: downloads")
    verb.add_argument("--limit", metavar="N", default="20", help="most rows, up to 100 (default: 20)")


def _fit(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "fit",
        "memory and disk forecast, before any weight is fetched",
        "weighbridge fit org/repo --ctx 8192 --kv-type q8_0",
        json="one JSON object",
    )
    verb.add_argument("model", metavar="MODEL", help=_MODEL)
    verb.add_argument("--ctx", metavar="N", help="context length in tokens (default: 2048)")
    verb.add_argument("--batch", metavar="N", help="tokens submitted to one decode call (default: 512)")
    verb.add_argument("--kv-type", metavar="TYPE", help=_KV_TYPE)
    verb.add_argument("--gpu-layers", metavar="N", help="layers on the GPU: 0 none (the default), -1 all")
    verb.add_argument(
        "--whole", action="store_true", help="download the whole file where the server sends no part of it"
    )


def _card(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "card",
        "what file and model card declare, each with its source",
        "weighbridge card org/repo",
        json="one JSON object",
    )
    verb.add_argument("model", metavar="MODEL", help=_SERVED)
    key_over_http(verb)
    verb.add_argument("--text", action="store_true", help="the model card itself, made safe for the terminal")


def _download(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "download",
        "one file of the Hub, its digest checked",
        "weighbridge download org/repo@main:model-Q4_K_M.gguf",
        json="one JSON object",
    )
    verb.add_argument("model", metavar="MODEL", help="org/repo[@revision][:file.gguf] of the Hub, or its address")


def _prove(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "prove",
        "one measured run of a model, in a child process",
        'weighbridge prove bundled --max-tokens 64 --prompt "What is a GGUF file?"',
        json="every event as one JSON line, and a summary as the last",
    )
    verb.add_argument("model", nargs="?", metavar="MODEL", help=_SERVED)
    key_over_http(verb)
    verb.add_argument("--from", dest="packet", metavar="PACKET", help="run this packet's recipe again and compare")
    verb.add_argument("--cases", action="store_true", help="with --from: the packet's cases too")
    _settings(verb)
    verb.add_argument(
        "--accept-memory-risk",
        nargs="?",
        const="",
        metavar="REASON",
        help="run although the forecast does not fit; the override is kept on record",
    )


def _settings(verb: argparse.ArgumentParser) -> None:
    """Settings of a proof. Without a default here: a recipe brings its own."""
    verb.add_argument("--ctx", metavar="N", help="context length in tokens (default: 2048)")
    verb.add_argument("--threads", metavar="N", help="threads for decode (default: auto, measured at the start)")
    verb.add_argument("--threads-batch", metavar="N", help="threads for prefill (default: as --threads, else measured)")
    verb.add_argument("--batch", metavar="N", help="tokens submitted to one decode call (default: 512)")
    verb.add_argument("--ubatch", metavar="N", help="tokens computed at once, at most --batch (default: 512)")
    verb.add_argument("--kv-type", metavar="TYPE", help=_KV_TYPE)
    verb.add_argument("--flash-attn", metavar="WHEN", help="auto (the default: with a q8_0 KV cache), on or off")
    verb.add_argument("--gpu-layers", metavar="N", help="layers on the GPU: 0 none (the default), -1 all")
    verb.add_argument("--max-tokens", metavar="N", help="most tokens of the answer (default: 128)")
    verb.add_argument("--temperature", metavar="X", help="0 takes the likeliest token (default: 0)")
    verb.add_argument("--seed", metavar="N", help="seed of the sampler (default: 1234)")
    verb.add_argument("--prompt", metavar="TEXT", help="what the model is asked")
    verb.add_argument("--repeats", metavar="N", help="how often it is asked; answers that differ are said (default: 1)")
    verb.add_argument(
        "--prefix-reuse",
        action="store_const",
        const="true",
        help="cases that begin alike keep that part of the KV cache: no cold TTFT",
    )


def _run(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "run",
        "all nine steps without questions",
        "weighbridge run plan.toml -o packet",
        json="a summary as one JSON object at the end",
    )
    verb.description = f"{verb.description} A gate that is FAILED is a result, and ends with 0: --json has it."
    verb.add_argument("plan", metavar="PLAN", help="the answers, a TOML file")
    verb.add_argument("-o", "--output", metavar="DIR", required=True, help="where the packet goes")
    key_over_http(verb)
    verb.add_argument(
        "--rent", metavar="USD", help="rent the plan's GPU, spend at most so much, and stop it; without it: a plan only"
    )
    verb.add_argument("--share-token", action="store_true", help="with --rent: a gated model's job gets the Hub token")


def _verify(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "verify",
        "whether a packet holds: manifest, schemas and cross references",
        "weighbridge verify packet",
        json="one JSON object",
    )
    verb.add_argument("packet", metavar="PACKET", help="folder of the packet")
    verb.add_argument("--strict", action="store_true", help="fail where evidence is still owed, and name it")
    verb.add_argument("--signers", metavar="FILE", help="whose signature counts: OpenSSH's allowed_signers file")


def _sign(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "sign",
        "your own SSH signature on a packet that holds",
        "weighbridge sign packet --key ~/.ssh/id_ed25519",
    )
    verb.add_argument("packet", metavar="PACKET", help="folder of the packet")
    verb.add_argument("--key", metavar="FILE", required=True, help="your private SSH key, or a public one of the agent")


def _schema(verbs: Verbs) -> None:
    verb = _verb(verbs, "schema", "JSON Schemas of a packet's files, and BagIt profiles", "weighbridge schema decision")
    verb.add_argument("name", nargs="?", metavar="NAME", help="which one; without it, the names")


def _compare(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "compare",
        "two packets side by side, after what may be compared",
        "weighbridge compare old new --fail-on-regression",
        json="one JSON object: same, allowed, cases, gate, decision, figures, regressions",
    )
    verb.add_argument("old", metavar="OLD", help="folder of the earlier packet")
    verb.add_argument("new", metavar="NEW", help="folder of the later packet")
    verb.add_argument("--fail-on-regression", action="store_true", help=_FAILING)
    verb.add_argument(
        "--unverified", action="store_true", help="compare a packet that does not hold too; it is called not verified"
    )


def _replay(verbs: Verbs) -> None:
    verb = _verb(verbs, "replay", "the recorded proof of a packet or run", "weighbridge replay packet --speed 10")
    verb.add_argument("packet", metavar="PACKET", help="folder of a packet, or the ID of a run (`weighbridge runs`)")
    verb.add_argument("--job", choices=("proof", "eval"), default="proof", help="default: proof")
    verb.add_argument("--speed", choices=("1", "10", "step"), default="1", help="times as fast, or by key (default: 1)")
    verb.add_argument("--plain", action="store_true", help="lines instead of the full screen")


def _runs(verbs: Verbs) -> None:
    verb = _verb(verbs, "runs", "the runs on this machine", "weighbridge runs show 20260131-120000-0a1b", json="JSON")
    add_actions(verb, Parser)


def _cases(verbs: Verbs) -> None:
    from weighbridge.plain.usage.cases import add_actions

    about = "packs of cases: built in, your own, imported"
    verb = _verb(verbs, "cases", about, "weighbridge cases show course-qa", "JSON")
    add_actions(verb, Parser)


def _doctor(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "doctor",
        "what this machine offers, ready to paste into a report",
        "weighbridge doctor",
        json="one JSON object",
    )
    verb.add_argument(
        "--forget-engine-mode",
        action="store_true",
        help="forget which mode of the engine worked here, so that the next start tries the default one again",
    )
