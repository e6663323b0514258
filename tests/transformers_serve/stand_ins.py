"""STAND-INS for the command `transformers`, each a script of that name: none of them is transformers.

`answers` speaks the real protocol with upstream's llama-server and the bundled model; the others misbehave. They take
the command line of `transformers serve` 5.23, and fail on any other.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from weighbridge.services import bundled

Kind = Literal["answers", "broken", "mute", "stubborn", "dies"]

_ARGUMENTS = """
import os, signal, subprocess, sys, time
assert sys.argv[1:4] == ["serve", "--host", "127.0.0.1"] and sys.argv[4] == "--port", sys.argv
assert sys.argv[6:8] == ["--no-trust-remote-code", "--"], sys.argv
port, name = int(sys.argv[5]), sys.argv[8]
assert os.path.exists(os.path.join(name, "config.json"))
"""
_ANSWERS = """
from xllamacpp import CommonParams, Server
p = CommonParams()
p.model.path, p.model_alias, p.n_ctx, p.n_parallel = {model!r}, {{name}}, 1024, 1
p.cpuparams.n_threads = p.cpuparams_batch.n_threads = 1
p.hostnames, p.port = ["127.0.0.1"], port
server = Server(p)
signal.pause()
"""
_BROKEN = """
print("Traceback (most recent call last):", file=sys.stderr)
print("ValueError: Unrecognized model, its config.json has no model_type", file=sys.stderr)
sys.exit(1)
"""
_MUTE = """
time.sleep(600)
"""
_LISTENS = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args): pass
    def do_GET(self):
        body = b'{"object": "list", "data": []}' if self.path == "/v1/models" else b'{"status": "ok"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self): os.kill(os.getpid(), signal.SIGKILL)
"""
_STUBBORN = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
"""
_FOREVER = """
ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def install(kind: Kind, bin_folder: Path) -> Path:
    """Writes the script `transformers` into a folder, and gives the Python beside which it lies (no such file)."""
    parts = {
        "answers": (_ANSWERS.format(model=str(bundled.find().path)),),
        "broken": (_BROKEN,),
        "mute": (_MUTE,),
        "stubborn": (_LISTENS, _STUBBORN, _FOREVER),
        "dies": (_LISTENS, _FOREVER),
    }[kind]
    bin_folder.mkdir(parents=True, exist_ok=True)
    script = bin_folder / "transformers"
    script.write_text(f"#!{sys.executable}\n{_ARGUMENTS}{''.join(parts)}", encoding="utf-8")
    script.chmod(0o755)
    return bin_folder / "python"


def model_folder(folder: Path, **config: object) -> Path:
    """A folder in the form of `save_pretrained`: two tensors of 6 and 4 weights, and a config."""
    folder.mkdir(parents=True)
    told = {"model_type": "llama", "max_position_embeddings": 8192, "dtype": "bfloat16"} | config
    (folder / "config.json").write_text(json.dumps(told), encoding="utf-8")
    tensors = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
        "b": {"dtype": "BF16", "shape": [4], "data_offsets": [12, 20]},
    }
    header = json.dumps(tensors).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(20))
    return folder
