"""The real `transformers serve`, where an environment has it:

    TRANSFORMERS_PYTHON=/venv/bin/python pytest tests/transformers_serve -m slow

That environment needs `transformers[serving]`, torch and gguf. The bundled model becomes a folder of safetensors first.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from weighbridge.domain.proof.events import Completed, Connected, Spawned
from weighbridge.domain.proof.runtime import Launch
from weighbridge.domain.proof.settings import Request, RuntimeSettings
from weighbridge.domain.serving.target import Target
from weighbridge.services import bundled
from weighbridge.services.endpoint.transformers.choice import describe
from weighbridge.services.endpoint.transformers.runtime import TransformersRuntime

PYTHON = os.environ.get("TRANSFORMERS_PYTHON", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON or subprocess.run([PYTHON, "-c", "import transformers"], check=False).returncode != 0,
        reason="TRANSFORMERS_PYTHON names no Python with transformers",
    ),
]
_CONVERT = """
import json, pathlib, sys, torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
source, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
load = {"gguf_file": source.name}
model = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **load)
AutoTokenizer.from_pretrained(source.parent, **load).save_pretrained(out)
config = model.config.to_dict() | {"architectures": [type(model).__name__]}
config.pop("quantization_config", None)
(out / "config.json").write_text(json.dumps(config, default=str))
weights = {name: value.to(torch.bfloat16).contiguous() for name, value in model.state_dict().items()}
weights.pop("lm_head.weight")
save_file(weights, out / "model.safetensors", metadata={"format": "pt"})
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled GGUF as transformers reads it; its embeddings are tied, so that lm_head is left out."""
    out = tmp_path_factory.mktemp("model") / "smollm2"
    out.mkdir()
    subprocess.run([PYTHON, "-c", _CONVERT, str(bundled.find().path), str(out)], check=True)
    return out


async def test_the_real_server_answers_and_is_gone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHBRIDGE_TRANSFORMERS_PYTHON", PYTHON)
    model, _ = await describe(folder)
    assert model.n_params == 134_515_008
    launch = Launch(
        model_path=model.path,
        model_sha256=model.sha256,
        settings=RuntimeSettings(n_threads=1, max_tokens=12),
        log_path=str(tmp_path / "log"),
        target=Target(api="openai", base_url="", model=model.served_name, origin="started", engine="transformers"),
    )
    zero = time.monotonic()
    runtime = TransformersRuntime(launch, lambda: time.monotonic() - zero)
    started = [event async for event in runtime.start()]
    told = next(event for event in started if isinstance(event, Connected))
    assert told.engine == "transformers"
    assert told.version.startswith("5.")
    request = Request(id="r0", prompt="What is the capital of France?", case="c")
    done = next(event for event in [e async for e in runtime.generate(request)] if isinstance(event, Completed))
    assert "Paris" in done.output
    assert done.prompt_tokens and done.output_tokens
    stopped = await runtime.stop()
    assert stopped is not None and stopped.gone
    assert not psutil.pid_exists(next(event for event in started if isinstance(event, Spawned)).pid)
