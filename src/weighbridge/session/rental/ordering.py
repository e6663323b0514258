"""What a rental is started from: hardware, price, image, command and cap, checked before anything costs money."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from weighbridge.domain.flow import missing
from weighbridge.domain.model.choice import ModelChoice
from weighbridge.domain.problems import BadInput, HubProblem, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.serving import billing
from weighbridge.domain.serving.commands import sglang, vllm
from weighbridge.domain.serving.deployment import Deployment, require_servable
from weighbridge.domain.serving.plan import ServePlan
from weighbridge.domain.serving.rental import Hardware, Order
from weighbridge.domain.serving.servers import Gpu
from weighbridge.domain.serving.sizing import ServingFacts, size_for
from weighbridge.services.hub.jobs import Jobs
from weighbridge.services.tables import load_servers
from weighbridge.session.aside import aside
from weighbridge.session.deps import Deps, hub_of

if TYPE_CHECKING:
    from weighbridge.session.session import Session

_TAGGED = re.compile(r"[\w./-]+(:[0-9]+/[\w./-]+)?(:[\w.-]+|@sha256:[0-9a-f]{64})", re.ASCII)


class TokenNeeded(Refused):
    """The job could not fetch the model without the person's Hub token, which has to be agreed to."""


def jobs_of(deps: Deps) -> Jobs:
    """The Jobs API of these dependencies' Hub."""
    return Jobs(hub_of(deps).endpoint)


async def hardware(deps: Deps) -> tuple[Hardware, ...]:
    """What can be rented, the cheapest first, with prices of this moment. HubProblem."""
    found = await aside(jobs_of(deps).hardware, deps.now())
    return tuple(sorted(found, key=lambda one: billing.per_hour(one.price) if one.price else float("inf")))


async def order_of(session: Session, with_token: bool = False) -> Order:
    """The order that the run's answers make, at the price of this moment. Nothing is started.

    `with_token`: the person agrees that the job gets the Hub token, which a gated or private repository needs; where
    it does not, the token stays here. BadInput, Refused or HubProblem say what is lacking.
    """
    run, deps = session.run, session.deps
    planned, cap = _checked(run)
    model, serve = planned.model, planned.serve
    machine = _chosen(await hardware(deps), serve)
    earlier = billing.earlier_usd(run.rentals)
    limit_s = _limit_s(cap, machine, earlier)
    gated, facts = await _asked(deps, model)
    _require_room(facts, planned, machine)
    if gated and not with_token:
        raise TokenNeeded(
            f"{model.repo} is gated or private: the job has to get your Hub token as a secret to fetch it.",
            "Agree to that (`--share-token`), best with a token that may read this repository alone.",
            in_steps="Best with a token that may read this repository alone.",
        )
    now = deps.now()
    return Order(
        id=f"{re.sub('[^0-9]', '', now)}-{secrets.token_hex(3)}",
        run_id=run.id,
        hardware=machine,
        engine=serve.engine,
        image=_image(planned),
        repo=model.repo,
        revision=model.revision,
        command=_command(planned, machine),
        port=planned.server.port,
        max_model_len=serve.max_model_len,
        cap_usd=cap,
        earlier_usd=earlier,
        time_limit_s=limit_s,
        typed_price=billing.typed_price(run.plan.cost_per_hour, "typed by the person", machine.name, now),
        with_token=gated,
        agreed_at=now,
    )


def _checked(run: Run) -> tuple[Deployment, float]:
    """What is to be served, and the cap, of a run that may be rented for. BadInput or Refused."""
    server = load_servers().of(run.serve.engine)
    if run.constraints.available_route != "rented_gpu":
        raise BadInput(
            "The route is not a rented GPU.", "Answer the question of the route anew in the step Constraints."
        )
    if run.constraints.privacy == "private_docs":
        hint = "Choose a server in your own network, or answer the privacy question anew in the step Constraints."
        raise Refused("The inputs may not leave your own machines, and a rented GPU is not one of them.", hint)
    model = require_servable(run.model, server)
    if lack := missing(run, "card"):
        raise Refused(lack, "Choose another model, or accept the risk on record in the step Card.")
    if run.serve.cap_usd is None:
        hint = "Type it in the step Runtime, or give --rent USD."
        said = "There is no cap: say how many US dollars may be spent at most."
        raise BadInput(said, hint, in_steps="Type it as the cap of step 5.")
    return Deployment(model=model, server=server, serve=run.serve, settings=run.settings), run.serve.cap_usd


def _chosen(found: tuple[Hardware, ...], serve: ServePlan) -> Hardware:
    names = ", ".join(one.name for one in found if one.gpu)
    hint = f"There are: {names or 'none with a GPU'}. `weighbridge jobs hardware` has their prices."
    if not serve.hardware:
        raise BadInput(
            "No hardware is chosen.", hint, in_steps="List it, with prices, and choose there (f3, or `hardware`)."
        )
    for one in found:
        if one.name == serve.hardware:
            if not one.gpu:
                raise BadInput(f"{one.name} has no GPU, and {serve.engine} needs one.", hint)
            return one
    raise BadInput(f"There is no hardware {serve.hardware!r} to rent.", hint)


def _limit_s(cap: float, machine: Hardware, earlier: float) -> int:
    if machine.price is None:
        hint = "Choose hardware with a price: nothing is rented blindly."
        raise Refused(f"The price of {machine.name} is not known.", hint)
    return billing.time_limit_s(cap, machine.price, earlier)


async def _asked(deps: Deps, model: ModelChoice) -> tuple[bool, ServingFacts]:
    """Whether nobody but the token's owner may fetch the repository, and what serving it takes.

    What the Hub does not tell is taken for no gate: where there is one, the job fails and its log says so.
    """
    hub = hub_of(deps)
    try:
        repo = await aside(hub.repository, model.repo, model.revision)
        gated = bool(repo.gate) or repo.private
    except HubProblem as problem:
        return problem.kind in ("gated", "private"), ServingFacts(gap=str(problem))
    try:
        return gated, await aside(hub.serving, repo)
    except HubProblem as problem:
        return gated, ServingFacts(gap=str(problem))


def _require_room(facts: ServingFacts, planned: Deployment, machine: Hardware) -> None:
    """Refused where the GPUs cannot hold the model: the machine would be paid for, and its server would not start.

    Where the need or the memory is not known, the server finds out.
    """
    shape, typed_gb, length = facts.shape, planned.serve.gpu_memory_gb, planned.serve.max_model_len
    known = typed_gb is not None or (facts.weights_bytes is not None and shape is not None)
    if not known or not machine.gpu_memory_bytes:
        return
    way_out = "Choose other hardware, or type gpu_memory_gb below [serve] where you know better."
    in_steps = "Choose other hardware (f3), or type its GPU memory (f2) where you know better."
    if shape is not None and shape.n_heads % machine.gpus:
        raise Refused(
            f"{shape.n_heads} attention heads cannot be split over {machine.gpus} GPUs.", way_out, in_steps=in_steps
        )
    gpu = Gpu(name=machine.gpu, memory_gb=max(machine.gpu_memory_bytes // 10**9, 1))
    fewest = size_for(facts, length, typed_gb, (gpu,), across=False).fewest
    if fewest.nodes > 1 or fewest.count > machine.gpus:
        raise Refused(
            f"{planned.model.repo} needs {fewest.nodes * fewest.count} GPUs {gpu.name} of {gpu.memory_gb} GB at "
            f"{length:,} tokens, and {machine.name} has {machine.gpus}.",
            way_out,
            in_steps=in_steps,
        )


def _image(planned: Deployment) -> str:
    image = planned.image
    if not _TAGGED.fullmatch(image) or image.endswith(":latest"):
        hint = f"Name it with a tag, as {planned.server.image}."
        raise BadInput(f"The image {image!r} is not pinned.", hint, in_steps=f"{hint[:-1]}, in step 5 (f2).")
    return image


def _command(planned: Deployment, machine: Hardware) -> tuple[str, ...]:
    """What the container runs: weights of one commit, reached from outside of it, on all GPUs of the machine."""
    make, option = (vllm, "--tensor-parallel-size") if planned.serve.engine == "vllm" else (sglang, "--tp-size")
    return make(planned, "0.0.0.0", *((option, str(machine.gpus)) if machine.gpus > 1 else ()))
