"""A folder of safetensors as `transformers` loads it: its files' digests, its config, and what its model card says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from weighbridge.domain.facts import declared, missing
from weighbridge.domain.model.card import FIELDS, CardFacts
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.model.hub import CardText
from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.digests import sha256_of

MOST_FILES = 1000
MOST_JSON_BYTES = 16 * 1024 * 1024
"""Of config.json, and of the header of a safetensors file."""
MOST_CARD_BYTES = 1024 * 1024
_HINT = "give the folder that `save_pretrained` wrote, or one downloaded whole from the Hub"


def describe_folder(folder: Path, name: str, cancelled: Callable[[], bool]) -> tuple[ModelChoice, CardFacts]:
    """The model of a folder, with one digest of all its files. BadInput, OutsideFailed, Cancelled. Blocks."""
    files = _files(folder)
    weights = [file for file in files if file.suffix == ".safetensors"]
    config = _json(folder / "config.json")
    if not weights:
        ggufs = any(file.suffix == ".gguf" for file in files)
        told = "holds a GGUF file, which runs without transformers" if ggufs else "has no safetensors file"
        raise BadInput(f"{name} {told}.", "give the path of the .gguf file itself as MODEL" if ggufs else _HINT)
    choice = ModelChoice(
        kind="transformers",
        name=name,
        size_bytes=sum(file.stat().st_size for file in weights),
        sha256=digest_of(folder, files, cancelled),
        path=str(folder),
        quantization=_quantization(config),
        architecture=clean_line(str(config.get("model_type", "")), 60),
        n_params=_parameters(weights),
        served_name=name,
        source=f"folder with {len(files)} files; SHA-256 of the list of their digests",
    )
    return choice, _facts(config)


def card_of(folder: Path) -> CardText:
    """The folder's model card; without text where it has none that can be read."""
    path = folder / "README.md"
    try:
        raw = path.read_bytes() if path.stat().st_size <= MOST_CARD_BYTES else b""
    except OSError:
        return CardText(repo="", revision="", gap="the folder has no README.md")
    if not raw:
        return CardText(repo="", revision="", gap="README.md of the folder is empty, or far too large")
    text = raw.decode("utf-8", "replace")
    return CardText(repo="", revision="", text=text, sha256=hashlib.sha256(raw).hexdigest(), size_bytes=len(raw))


def require_unchanged(folder: Path, name: str, sha256: str) -> None:
    """BadInput where the files are not those that were chosen: evidence would name another model. Blocks."""
    if digest_of(folder, _files(folder), lambda: False) != sha256:
        raise BadInput(f"The folder {name} has changed since it was chosen.", "Choose the model again.")


def digest_of(folder: Path, files: list[Path], cancelled: Callable[[], bool]) -> str:
    """SHA-256 of one line `DIGEST  NAME` for each file, sorted by name, as `sha256sum *` prints them."""
    lines = [f"{sha256_of(file, None, cancelled)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    return hashlib.sha256("".join(lines).encode("utf-8", "replace")).hexdigest()


def _files(folder: Path) -> list[Path]:
    """Every file of the folder itself and below it, hidden ones aside, sorted by name."""
    try:
        found = [path for path in folder.rglob("*") if not _hidden(path, folder) and path.is_file()]
    except OSError as error:
        raise BadInput(f"The folder of the model cannot be read: {error.strerror or error}.", _HINT) from None
    if len(found) > MOST_FILES:
        raise BadInput(f"The folder has more than {MOST_FILES:,} files: that is no model's.", _HINT)
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _json(path: Path) -> dict[str, Any]:
    """A JSON object of a file. BadInput."""
    try:
        if path.stat().st_size > MOST_JSON_BYTES:
            raise ValueError
        found = json.loads(path.read_bytes())
    except OSError:
        raise BadInput(f"The folder {clean_line(path.parent.name, 100)} has no config.json.", _HINT) from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadInput("config.json of the folder is no JSON object.", _HINT)
    return found


def _parameters(weights: list[Path]) -> int | None:
    """Weights in all tensors, by the headers of the files; None where one cannot be read.

    A file begins with the length of its header, 8 bytes little-endian, and the header, JSON: a tensor's name to its
    dtype, shape and place (the format of the safetensors library).
    """
    total = 0
    for path in weights:
        try:
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(length)) if length <= MOST_JSON_BYTES else None
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(header, dict):
            return None
        for name, tensor in header.items():
            if name != "__metadata__":
                count = _elements(tensor)
                if count is None:
                    return None
                total += count
    return total


def _elements(tensor: Any) -> int | None:
    shape = tensor.get("shape") if isinstance(tensor, dict) else None
    if not isinstance(shape, list) or not all(isinstance(size, int) and 0 <= size < 2**40 for size in shape):
        return None
    count = 1
    for size in shape:
        count *= size
    return count


def _quantization(config: dict[str, Any]) -> str:
    """Of the weights: the method of a quantized model, else their type."""
    quantized = config.get("quantization_config")
    if isinstance(quantized, dict):
        return clean_line(str(quantized.get("quant_method", "quantized")), 40)
    dtype = config.get("dtype", config.get("torch_dtype"))
    return clean_line(dtype, 40) if isinstance(dtype, str) else ""


def _facts(config: dict[str, Any]) -> CardFacts:
    found = {field.name: missing("config.json does not state it; read the model card and type it") for field in FIELDS}
    most = config.get("max_position_embeddings")
    if isinstance(most, int) and 0 < most < 2**40:
        found["context_length"] = declared(most, "config.json, max_position_embeddings", unit="tokens")
    return CardFacts.model_validate(found)
