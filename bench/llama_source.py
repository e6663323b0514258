"""llama-bench from the very source that the installed llama-cpp-python was built from.

Kept in the cache folder of this user, a folder a version; the first time it takes minutes and needs cmake, a C++
compiler and a package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path

from platformdirs import user_cache_path

FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_TOOLS=ON",
    "-DBUILD_SHARED_LIBS=OFF",
)
"""The defaults of the engine's own build: every instruction set of this processor, OpenMP."""


def llama_bench() -> Path:
    """The program, built where it does not stand there. SystemExit with a sentence where a tool is missing."""
    version = metadata.version("llama-cpp-python")
    folder = user_cache_path("weighbridge") / "bench" / f"llama-cpp-python-{version}"
    program = folder / "build" / "bin" / "llama-bench"
    if program.exists():
        return program
    if shutil.which("cmake") is None:
        raise SystemExit("llama-bench has to be built: install cmake and a C++ compiler, or give --llama-bench PATH.")
    folder.mkdir(parents=True, exist_ok=True)
    source = _source(version, folder)
    print(f"building llama-bench in {folder}", file=sys.stderr)
    build = folder / "build"
    _run("cmake", "-S", str(source / "vendor" / "llama.cpp"), "-B", str(build), *FLAGS)
    _run("cmake", "--build", str(build), "--target", "llama-bench", "-j", str(os.cpu_count() or 1))
    return program


def _source(version: str, folder: Path) -> Path:
    unpacked = folder / f"llama_cpp_python-{version}"
    if not unpacked.exists():
        wanted = f"llama-cpp-python=={version}"
        pip = (sys.executable, "-m", "pip")
        if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
            pip = ("python3", "-m", "pip")
        _run(*pip, "download", "--no-deps", "--no-binary", ":all:", "--dest", str(folder), wanted)
        with tarfile.open(next(folder.glob("llama_cpp_python-*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
    return unpacked


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=sys.stderr, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])} ... failed with exit code {done.returncode}.")
