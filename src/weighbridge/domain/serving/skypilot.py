"""A plan as a SkyPilot task: `sky launch` rents the cheapest machine that suffices, and takes it down by a timer.

A server never idles, so an autostop that waits for jobs would never fire: `wait_for: none` makes idle_minutes a hard
limit, counted from the launch. No port is opened: the server listens on the machine's loopback address and is reached
by ssh, so no key goes over plain HTTP. Source: SkyPilot 0.14 (task and resources schemas, autostop event,
sky_templates/ray).
"""

from __future__ import annotations

import math
import shlex
from typing import Any

from weighbridge.domain.serving.caps import Limits, limits_of
from weighbridge.domain.serving.deployment import Deployment
from weighbridge.domain.serving.sizing import GB, Placement, Sizing

VERSION = "0.14.1"
SYSTEM_DISK_GB = 80
"""Room for the system, CUDA libraries and the server, beside the weights."""
_RENDEZVOUS_PORT = 20000


def task(planned: Deployment) -> dict[str, Any]:
    """The task as plain data. BadInput or Refused where something that it needs is not known."""
    limits, size = limits_of(planned)
    variable = planned.server.key_variable
    secrets: dict[str, None] = {variable: None, **({"HF_TOKEN": None} if planned.gated else {})}
    nodes = size.fewest.nodes
    made: dict[str, Any] = {"name": planned.name}
    if nodes > 1:
        made["num_nodes"] = nodes
    made["resources"] = _resources(planned, limits, size)
    made["envs"] = {"MODEL": planned.model.repo, "REVISION": planned.model.revision}
    made["secrets"] = secrets
    if not planned.serve.image:
        made["setup"] = _setup(planned, nodes)
    made["run"] = _run(planned, nodes)
    return made


def _resources(planned: Deployment, limits: Limits, size: Sizing) -> dict[str, Any]:
    weights = size.weights_bytes or size.need_bytes
    made: dict[str, Any] = {
        "accelerators": {one.gpu: one.count for one in size.placements},
        "disk_size": SYSTEM_DISK_GB + math.ceil(1.2 * weights / GB),
        "use_spot": False,
        "max_hourly_cost": limits.hourly_usd,
        "autostop": {"idle_minutes": limits.minutes, "down": True, "wait_for": "none"},
    }
    if planned.serve.image:
        made["image_id"] = f"docker:{planned.serve.image}"
    return made


def _setup(planned: Deployment, nodes: int) -> str:
    packages = [planned.server.package]
    if nodes > 1 and planned.server.id == "vllm":
        packages.append("ray[default]")
    install = shlex.join(("uv", "pip", "install", "--python", "~/v/bin/python", *packages))
    return f"uv venv --python 3.12 ~/v\n{install.replace(shlex.quote('~/v/bin/python'), '~/v/bin/python')}\n"


def _run(planned: Deployment, nodes: int) -> str:
    start = [] if planned.serve.image else ["source ~/v/bin/activate"]
    server, length = planned.server, planned.serve.max_model_len
    if server.id == "vllm":
        serve = [
            'vllm serve "$MODEL" --revision "$REVISION" --tokenizer-revision "$REVISION"',
            f"--host 127.0.0.1 --port {server.port} --max-model-len {length}",
            '--tensor-parallel-size "$SKYPILOT_NUM_GPUS_PER_NODE"',
        ]
        if nodes == 1:
            return _script(*start, _joined("exec", serve))
        serve.append('--pipeline-parallel-size "$SKYPILOT_NUM_NODES" --distributed-executor-backend ray')
        head = ['if [ "$SKYPILOT_NODE_RANK" -eq 0 ]; then', _joined("  exec", serve), "fi"]
        return _script(*start, "~/sky_templates/ray/start_cluster", *head)
    serve = [
        'python3 -m sglang.launch_server --model-path "$MODEL" --revision "$REVISION"',
        f"--host 127.0.0.1 --port {server.port} --context-length {length}",
        f'--api-key "${server.key_variable}"',
        '--tp-size "$((SKYPILOT_NUM_GPUS_PER_NODE * SKYPILOT_NUM_NODES))"',
    ]
    if nodes == 1:
        return _script(*start, _joined("exec", serve))
    serve.append('--nnodes "$SKYPILOT_NUM_NODES" --node-rank "$SKYPILOT_NODE_RANK"')
    serve.append(f'--dist-init-addr "$head:{_RENDEZVOUS_PORT}"')
    return _script(*start, 'head=$(echo "$SKYPILOT_NODE_IPS" | head -n1)', _joined("exec", serve))


def _joined(word: str, parts: list[str]) -> str:
    return " \\\n    ".join([f"{word} {parts[0]}", *parts[1:]])


def _script(*lines: str) -> str:
    return "\n".join(("set -e", *lines)) + "\n"


def notes(planned: Deployment) -> list[str]:
    """Lines for people, above the task: what it is, what it may cost, how it is started, probed and stopped."""
    limits, size = limits_of(planned)
    server, name = planned.server, planned.name
    spec = f"http://127.0.0.1:{server.port}/v1#{planned.model.repo}"
    local = f"http://127.0.0.1:{server.port}"
    tokens = f" --secret {server.key_variable}" + (" --secret HF_TOKEN" if planned.gated else "")
    return [
        f"{planned.pinned} by {server.noted},",
        f"for SkyPilot {VERSION}. Checked against its schemas; never run on a GPU by weighbridge.",
        "",
        *size.said,
        f"Any of: {', '.join(map(_placement, size.placements))}; SkyPilot takes the cheapest.",
        limits.said,
        *filter(None, [limits.warning]),
        f"Everything is taken down {limits.minutes} minutes after the launch, whatever runs (wait_for: none).",
        "",
        "Start (the key stays in your environment):",
        f"  export {server.key_variable}=$(openssl rand -hex 16)",
        f"  sky launch -y -c {name}{tokens} FILE",
        "Reach it, in a second shell (no port is open to the world):",
        f"  ssh -N -L {server.port}:127.0.0.1:{server.port} {name}",
        "Probe:",
        f"  curl -sS -o /dev/null -w '%{{http_code}}\\n' {local}{server.ready}",
        "Prove:",
        f'  WEIGHBRIDGE_API_KEY="${server.key_variable}" weighbridge prove {shlex.quote(spec)}',
        "Stop, and see that it is gone (the list has to be empty, and the probe has to fail):",
        f"  sky down -y {name} && sky status --refresh {name}",
    ]


def _placement(one: Placement) -> str:
    nodes = f"{one.nodes} machines of " if one.nodes > 1 else ""
    return f"{nodes}{one.count} x {one.gpu} ({one.memory_gb} GB)"
