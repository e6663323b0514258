"""`weighbridge fit` and `weighbridge card`: what a model's header alone can say."""

from __future__ import annotations

from argparse import Namespace

from pydantic import ValidationError

from weighbridge.domain.model.card import FIELDS, from_header
from weighbridge.domain.model.forecast import Forecast, forecast
from weighbridge.domain.problems import BadInput
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.toml_words import sentence
from weighbridge.plain import output
from weighbridge.plain.exits import Exit
from weighbridge.plain.figures import mib, table
from weighbridge.services.model_file import resolve
from weighbridge.session.deps import real_deps

_VERDICTS = {
    "fits": "fits: the most it may need is within 85 % of the available memory",
    "tight": "tight: the least it needs is available, the most it may need is not, or only just",
    "does_not_fit": "does not fit: even the least it needs is not available",
    "unknown": "unknown: this system does not tell the available memory",
}


def main(args: Namespace) -> int:
    return _fit(args) if args.verb == "fit" else _card(args)


def _fit(args: Namespace) -> int:
    found = resolve(args.model)
    assert found.header is not None
    deps = real_deps()
    made = forecast(found.header, _settings(args), deps.machine(deps.home).available_bytes)
    if args.json:
        model = found.choice.model_dump(mode="json", exclude={"path", "sha256"})
        output.json_line({**made.model_dump(mode="json"), "model": model})
    else:
        output.text(f"{found.choice.file_name}, {mib(found.choice.size_bytes)} on disk")
        output.text(forecast_text(made))
    return Exit.DONE


def _settings(args: Namespace) -> RuntimeSettings:
    given = {"n_ctx": args.ctx, "n_batch": args.batch}
    try:
        return RuntimeSettings.model_validate({k: v for k, v in given.items() if v is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = {"n_ctx": "--ctx", "n_batch": "--batch"}[str(first["loc"][0])]
        raise BadInput(f"{option}: {sentence(first)}.") from None


def forecast_text(made: Forecast) -> str:
    """A forecast as lines: parts, total, what is available, verdict and method."""
    pairs = [
        ("weights", mib(made.weights_bytes)),
        ("KV cache", f"{mib(made.kv_bytes)} at a context of {made.n_ctx:,} tokens"),
        ("compute buffer", mib(made.compute_bytes)),
        ("output buffer", mib(made.output_bytes)),
        ("process", mib(made.process_bytes)),
        ("needed", f"{mib(made.total_bytes)}, or {mib(made.total_max_bytes)} if the engine copies the weights"),
        ("available", "not known" if made.available_bytes is None else mib(made.available_bytes)),
        ("verdict", _VERDICTS[made.verdict]),
        ("largest context", "none fits" if made.max_ctx is None else f"{made.max_ctx:,} tokens fit"),
        ("method", f"{made.method}, from the header{'; ' if made.caveat else ''}{made.caveat}"),
    ]
    return table(pairs)


def _card(args: Namespace) -> int:
    found = resolve(args.model)
    assert found.header is not None
    facts = from_header(found.header, found.package)
    if args.json:
        model = found.choice.model_dump(mode="json", exclude={"path", "sha256"})
        output.json_line({"model": model, "card": facts.model_dump(mode="json")})
        return Exit.DONE
    output.text(f"{found.choice.name} ({found.choice.source})")
    for field in FIELDS:
        fact = getattr(facts, field.name)
        output.text(f"{field.title}: {fact.text}" + (f"  [{fact.source}]" if fact.source else ""))
    return Exit.DONE
