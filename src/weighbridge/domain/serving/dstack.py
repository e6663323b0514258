"""A plan as a dstack task: `dstack apply` rents, forwards the port to this machine, and ends it by max_duration.

A task rather than a service: it may span several nodes, needs no gateway, and opens nothing to the world. max_duration
ends the run whatever it does; idle_duration then gives the machine back. Source: dstack 0.22 (its configuration models
and their descriptions), vLLM's chapter on several nodes without Ray.
"""

from __future__ import annotations

import math
import shlex
from typing import Any

from weighbridge.domain.serving.caps import limits_of
from weighbridge.domain.serving.deployment import Deployment
from weighbridge.domain.serving.sizing import GB, Placement, Sizing

VERSION = "0.22.5"
SYSTEM_DISK_GB = 80
IDLE = "1m"
"""How long an empty machine is kept."""
_RENDEZVOUS_PORT = 20000


def task(planned: Deployment) -> dict[str, Any]:
    """The configuration as plain data. BadInput or Refused where something that it needs is not known."""
    limits, size = limits_of(planned)
    placed = size.fewest
    server = planned.server
    names = [server.key_variable, *(["HF_TOKEN"] if planned.gated else [])]
    made: dict[str, Any] = {"type": "task", "name": planned.name}
    if placed.nodes > 1:
        made["nodes"] = placed.nodes
    weights = size.weights_bytes or size.need_bytes
    return {
        **made,
        "image": planned.image,
        "env": [f"MODEL={planned.model.repo}", f"REVISION={planned.model.revision}", *names],
        "commands": [_command(planned, placed)],
        "ports": [server.port],
        "resources": {
            "gpu": {**_named(size), "vendor": "nvidia", "memory": f"{placed.memory_gb}GB..", "count": placed.count},
            "disk": f"{SYSTEM_DISK_GB + math.ceil(1.2 * weights / GB)}GB..",
            "shm_size": "16GB",
        },
        "spot_policy": "on-demand",
        "max_price": limits.hourly_usd,
        "max_duration": f"{limits.minutes}m",
        "idle_duration": IDLE,
        "retry": False,
    }


def _named(size: Sizing) -> dict[str, list[str]]:
    """The GPU by its name where the plan names its hardware; dstack tells the memory of an A100 apart by itself."""
    return {"name": [size.fewest.gpu.partition("-")[0]]} if size.chosen else {}


def _command(planned: Deployment, placed: Placement) -> str:
    nodes, gpus = placed.nodes, placed.count
    server, length = planned.server, planned.serve.max_model_len
    if server.id == "vllm":
        parts = [
            'exec vllm serve "$MODEL" --revision "$REVISION" --tokenizer-revision "$REVISION"',
            f"--max-model-len {length}",
            f"--tensor-parallel-size {gpus}",
        ]
        listen = f"--host 127.0.0.1 --port {server.port}"
        if nodes == 1:
            return _joined([*parts, listen])
        parts += [
            f"--pipeline-parallel-size {nodes} --nnodes {nodes}",
            '--node-rank "$DSTACK_NODE_RANK" --master-addr "$DSTACK_MASTER_NODE_IP"',
            "$role",
        ]
        role = f'role="--headless"; if [ "$DSTACK_NODE_RANK" = 0 ]; then role="{listen}"; fi'
        return f"{role}\n{_joined(parts)}"
    parts = [
        'exec python3 -m sglang.launch_server --model-path "$MODEL" --revision "$REVISION"',
        f'--host 127.0.0.1 --port {server.port} --context-length {length} --api-key "${server.key_variable}"',
        f"--tp-size {gpus * nodes}",
    ]
    if nodes > 1:
        parts.append(f'--nnodes {nodes} --node-rank "$DSTACK_NODE_RANK"')
        parts.append(f'--dist-init-addr "$DSTACK_MASTER_NODE_IP:{_RENDEZVOUS_PORT}"')
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return " \\\n  ".join(parts) + "\n"


def notes(planned: Deployment) -> list[str]:
    """Lines for people, above the configuration."""
    limits, size = limits_of(planned)
    server, placed, name = planned.server, size.fewest, planned.name
    spec = f"http://127.0.0.1:{server.port}/v1#{planned.model.repo}"
    local = f"http://127.0.0.1:{server.port}"
    cluster = ", with placement: cluster for several machines" if placed.nodes > 1 else ""
    machines = f"{placed.nodes} machines of " if placed.nodes > 1 else ""
    return [
        f"{planned.pinned} by {server.noted},",
        f"for dstack {VERSION}. Checked against its schema; never run on a GPU by weighbridge.",
        "",
        *size.said,
        f"Asked for: {machines}{placed.count} GPU(s) of {placed.memory_gb} GB or more.",
        limits.said,
        *filter(None, [limits.warning]),
        f"The run ends {limits.minutes} minutes after it began, whatever it does (max_duration), and the machine goes "
        "back a minute later.",
        "",
        f"dstack needs a fleet that may rent{cluster}: dstack fleet",
        "Start; it stays attached and forwards the port to this machine (the key stays in your environment):",
        f"  export {server.key_variable}=$(openssl rand -hex 16)",
        "  dstack apply -y -f FILE",
        "Probe, in a second shell:",
        f"  curl -sS -o /dev/null -w '%{{http_code}}\\n' {local}{server.ready}",
        "Prove:",
        f'  WEIGHBRIDGE_API_KEY="${server.key_variable}" weighbridge prove {shlex.quote(spec)}',
        "Stop, and see that it is gone (terminated, no instance of it left, and the probe has to fail):",
        f"  dstack stop -y {name} && dstack ps --json && dstack fleet",
    ]
