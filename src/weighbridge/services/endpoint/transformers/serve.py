"""How `transformers serve` of the person's own environment is started: which command, which environment, where.

The options are those of transformers 5 (`transformers serve --help` of 5.23): the model is preloaded before the server
listens, and a request may name it by the very text that it was started with. Custom code of a repository is never run.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.domain.text import clean_line
from weighbridge.services.endpoint.transformers.started import HOST, StartedServer, free_port, start
from weighbridge.services.environment import harmless

VARIABLE = "WEIGHBRIDGE_TRANSFORMERS_PYTHON"
INSTALL = 'install it with `pip install "transformers[serving]" torch`'
_GPUS = ("CUDA_VISIBLE_DEVICES", "CUDA_HOME", "HIP_VISIBLE_DEVICES", "ROCM_PATH")
_PACKAGES = ("lib/python*/site-packages/*-*.dist-info", "Lib/site-packages/*-*.dist-info")
_TO_DOWNLOAD = (
    "HOME",
    "USERPROFILE",
    "XDG_CACHE_HOME",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_ENDPOINT",
    "HF_HUB_OFFLINE",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
)
"""Where the person's cache of models is, and which Hub to ask."""


def executable() -> str:
    """The `transformers` command, as an absolute path. BadInput with the way out where there is none."""
    python = os.environ.get(VARIABLE, "").strip()
    if python:
        beside = Path(python).parent / ("transformers.exe" if sys.platform == "win32" else "transformers")
        if not os.access(beside, os.X_OK) or beside.is_dir():
            raise BadInput(f"{VARIABLE} names a Python without transformers beside it.", f"{INSTALL} there")
        return os.path.abspath(beside)
    found = shutil.which("transformers")
    if found is None:
        told = "transformers is not installed: there is no such command on PATH."
        raise BadInput(told, f"{INSTALL}, or set {VARIABLE} to the Python that has it")
    return os.path.abspath(found)


def versions() -> dict[str, str]:
    """Of the packages that matter in the command's environment, by their folders' names; nothing is run or imported."""
    try:
        root = Path(executable()).resolve().parent.parent
    except BadInput:
        return {}
    found = [path for pattern in _PACKAGES for path in root.glob(pattern)]
    told = (path.name.removesuffix(".dist-info").partition("-") for path in found)
    return {name: clean_line(version, 40) for name, _, version in told if name in ("transformers", "torch")}


def command(program: str, model: str, port: int) -> tuple[str, ...]:
    """What is run. `model`: a folder's name or `org/repo@revision`."""
    return (program, "serve", "--host", HOST, "--port", str(port), "--no-trust-remote-code", "--", model)


def environment(place: Path, threads: int | None, *, download: bool) -> dict[str, str]:
    """Harmless variables, and which GPUs there are; no token and no proxy. `place`: a folder of this server alone.

    A folder is served offline, with a home of its own. A repository needs the person's cache and the Hub, and is asked
    for without their token, which a saved login would send otherwise (HF_HUB_DISABLE_IMPLICIT_TOKEN).
    """
    passed = harmless(*_GPUS, *(_TO_DOWNLOAD if download else ()))
    passed |= {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"}
    if not download:
        passed |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(place), "HF_HUB_CACHE": str(place / "hub")}
    if threads is not None:
        passed |= {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    return passed


async def start_serving(model: str, folder: str, place: Path, log: str, threads: int | None) -> StartedServer:
    """Starts serving `model`. `folder`: of its files, empty for a repository of the Hub. BadInput, OutsideFailed.

    It works in `place`, where the folder is known by the model's name alone: no path of this machine is in any request
    or answer.
    """
    try:
        (place / "hub").mkdir(parents=True, exist_ok=True)
        if folder:
            (place / model).symlink_to(os.path.abspath(folder), target_is_directory=True)
    except OSError as error:
        raise OutsideFailed(f"The server's folder cannot be made: {error.strerror or error}.") from error
    port = free_port()
    told = environment(place, threads, download=not folder)
    return await start(command(executable(), model, port), port, told, log, str(place))
