"""How to come by an engine that can use a GPU: words for people, by operating system and processor.

Source: the installation chapter of llama-cpp-python 0.3.36. None of the builds was tried here.
"""

from __future__ import annotations

NO_OFFLOAD = "This build of llama-cpp-python cannot put layers on a GPU"
_INSTALL = "pip install --force-reinstall --no-cache-dir llama-cpp-python"


def build_commands(system: str, processor: str) -> tuple[tuple[str, str], ...]:
    """For whom, and the command that builds the engine for their GPU. `system`, `processor`: as `platform` says."""
    if system == "Darwin":
        arm = processor == "arm64"
        return (("Apple silicon" if arm else "Metal", f'CMAKE_ARGS="-DGGML_METAL=on" {_INSTALL}'),)
    if system == "Windows":
        return (
            ("NVIDIA", f'$env:CMAKE_ARGS="-DGGML_CUDA=on"; {_INSTALL}'),
            ("any GPU with Vulkan", f'$env:CMAKE_ARGS="-DGGML_VULKAN=on"; {_INSTALL}'),
        )
    return (
        ("NVIDIA", f'CMAKE_ARGS="-DGGML_CUDA=on" {_INSTALL}'),
        ("AMD", f'CMAKE_ARGS="-DGGML_HIP=on" {_INSTALL}'),
        ("any GPU with Vulkan", f'CMAKE_ARGS="-DGGML_VULKAN=on" {_INSTALL}'),
    )


def refusal(system: str, processor: str) -> str:
    """What a wish for layers gets from such a build: one sentence with the way out."""
    who, command = build_commands(system, processor)[0]
    return f"{NO_OFFLOAD}: set n_gpu_layers to 0, or build it anew (for {who}) by `{command}`."
