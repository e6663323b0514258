"""Step 3: which model. Words search the Hub, a name or an address opens a repository, a path is a file."""

from __future__ import annotations

import os

from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.files import HubView
from weighbridge.domain.model.hub import Query
from weighbridge.domain.problems import BadInput, HubProblem
from weighbridge.domain.run import Run
from weighbridge.domain.text import clean_line
from weighbridge.plain import output
from weighbridge.plain.loading import choose, exact, open_repository
from weighbridge.plain.prompts import Back, Item, Talk
from weighbridge.plain.texts.figures import mib, table
from weighbridge.plain.texts.hub import about, advice, files_labels, search_labels
from weighbridge.services.endpoint import keys
from weighbridge.services.endpoint.problems import PlainHttp
from weighbridge.services.model_file import is_hub_spec
from weighbridge.session.model.endpoint_choice import is_served_spec

SERVERS = "a server: https://host/v1#name, ollama:NAME or transformers:FOLDER"
_ASK = f"Model: bundled, the path of a .gguf file, org/repo or an address of the Hub, words to search for, or {SERVERS}"
_PLAN = (
    f"Model: org/repo@revision or an address of the Hub, words to search for, the path of a .gguf file, or {SERVERS}"
)


def ask_model(talk: Talk) -> None:
    """The present model stays with Enter. b inside a list comes back to the question."""
    while True:
        run = talk.session.run
        if run.model is not None:
            output.text(_chosen(run))
        default = run.model.name if run.model else _first(run)
        spec = talk.line(_PLAN if run.planned else _ASK, default)
        if run.model is not None and spec == default:
            return
        try:
            _take(talk, spec)
        except Back:
            continue
        output.text(_chosen(talk.session.run))
        return


def _first(run: Run) -> str:
    return run.decision.family.examples[0] if run.planned else "bundled"


def _take(talk: Talk, spec: str) -> None:
    """What was typed becomes the model, over a search and a list of files where it needs them."""
    if is_words(spec):
        spec = _found(talk, spec)
    if not talk.session.run.planned and not is_served_spec(spec):
        view = talk.runner.run(open_repository(talk.session, spec))
        if view is not None:
            spec = _file(talk, view)
    try:
        talk.runner.run(choose(talk.session, spec, write=output.text))
    except HubProblem as problem:
        if problem.kind != "no_ranges":
            raise
        _whole(talk, spec, problem)
    except PlainHttp as problem:
        _over_http(talk, spec, problem)


def is_words(text: str) -> bool:
    """Whether it means a search: no name, address, path or file."""
    looks_like_path = "/" in text or "\\" in text or text.startswith((".", "~")) or text.lower().endswith(".gguf")
    if is_served_spec(text):
        return False
    return text != "bundled" and not looks_like_path and not is_hub_spec(text) and not os.path.lexists(text)


def _found(talk: Talk, words: str) -> str:
    """The repository that the person takes from a search."""
    rows = talk.runner.run(talk.session.search(Query(words=words)))
    if not rows:
        raise BadInput(f"The Hub has no GGUF model for {clean_line(words, 80)}.", "Try fewer words.")
    labels = search_labels(rows)
    items = [Item(row.repo, label) for row, label in zip(rows, labels, strict=True)]
    return str(talk.choose("On the Hub (weights, licence, access, downloads, likes, updated):", items, None))


def _file(talk: Talk, view: HubView) -> str:
    """One file of a repository; Enter takes the recommended one."""
    output.text(about(view))
    items = [Item(row.file.name, label) for row, label in zip(view.rows, files_labels(view), strict=True)]
    ask = f"{advice(view)}\nFiles (quantization, on disk, needs about, verdict):"
    return exact(view, str(talk.choose(ask, items, view.recommended or None)))


def _whole(talk: Talk, spec: str, problem: HubProblem) -> None:
    """The server sends whole files only: the person agrees to fetch all of it, or goes back."""
    output.text(f"! {problem}")
    if talk.line("y fetches the whole file to weigh it, Enter goes back").lower() not in ("y", "yes"):
        raise Back
    talk.runner.run(choose(talk.session, spec, whole=True, write=output.text))


def _over_http(talk: Talk, spec: str, problem: PlainHttp) -> None:
    """The key would go where others can read it: the person agrees, or goes back."""
    output.text(f"! {problem}")
    if talk.line("y sends it all the same, Enter goes back").lower() not in ("y", "yes"):
        raise Back
    keys.accept_plain(problem.address)
    talk.runner.run(choose(talk.session, spec, write=output.text))


def _chosen(run: Run) -> str:
    model = run.model
    assert model is not None
    if model.served:
        where = model.address or "is started for the proof, and stopped after it"
        known = [("name", model.name), ("server", where), ("called there", model.served_name or "not known")]
        return table([*known, ("known from", model.source)])
    pairs = [
        ("name", model.name),
        ("repository", f"{model.repo or 'not known'}, revision {model.revision or 'not known'}"),
        ("file", _file_line(model)),
        ("sha256", model.sha256 or "not known: nothing was fetched"),
        ("known from", model.source),
    ]
    return table(pairs)


def _file_line(model: ModelChoice) -> str:
    if not model.to_download or not model.file_name:
        return model.file_name or "not named"
    return f"{model.file_name}, {mib(model.size_bytes)} to download"
