"""A plan for other tools: task files of SkyPilot and dstack, and the commands of the servers themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from weighbridge.domain.problems import BadInput, HubProblem, Problem, Refused
from weighbridge.domain.run import Run
from weighbridge.domain.serving import commands, dstack, skypilot
from weighbridge.domain.serving.deployment import Deployment, require_servable
from weighbridge.domain.serving.servers import Server, ServerId
from weighbridge.domain.serving.sizing import ServingFacts, Sizing, on_hardware, size_for
from weighbridge.services.endpoint.address import is_served
from weighbridge.services.export_file import yaml_text
from weighbridge.services.model_file import is_hub_spec, resolve
from weighbridge.services.tables import load_servers
from weighbridge.session.aside import aside
from weighbridge.session.deps import hub_of
from weighbridge.session.model import hub_choice

if TYPE_CHECKING:
    from weighbridge.session.session import Session

RENTING = ("skypilot", "dstack")
FORMATS: tuple[str, ...] = (*RENTING, *get_args(ServerId))


async def exported(session: Session, form: str) -> str:
    """The export of the present run. Where it needs sizes, the Hub is asked for them. BadInput or Refused."""
    asks = form not in ("llama-server", "ollama")
    return export(session.run, form, await serving_facts(session) if asks else None)


def formats_for(run: Run) -> tuple[str, ...]:
    """The formats whose tool can take the run's model. BadInput or Refused, with the way out, where none can."""
    refused: Problem | None = None
    takes = []
    for form in FORMATS:
        try:
            require_servable(run.model, _server(run, form))
            takes.append(form)
        except Problem as problem:
            refused = refused or problem
    if refused is not None and not takes:
        raise refused
    return tuple(takes)


def _server(run: Run, form: str) -> Server:
    """What serves the model in this format."""
    return load_servers().of(run.serve.engine if form in RENTING else form)


async def take_model(session: Session, spec: str) -> None:
    """The model of a MODEL text becomes that of the run, by name and commit. BadInput, Refused, HubProblem."""
    if is_served(spec):
        raise Refused(
            "The plan names a server that runs already, so there is nothing to start.",
            'Name the repository of its model: use = "org/repo@COMMIT" below [model].',
        )
    if is_hub_spec(spec):
        model = (await aside(hub_choice.choose_to_plan, hub_of(session.deps), spec)).model
    else:
        model = resolve(spec).choice
    session.keep(session.run.model_copy(update={"model": model}))


async def serving_facts(session: Session) -> ServingFacts:
    """What the Hub tells of the model's size; nothing, with the reason, where it cannot be asked."""
    model = session.run.model
    if model is None or not model.repo or not model.revision:
        return ServingFacts(gap="the plan names no repository at a commit")
    hub, repo, revision = hub_of(session.deps), model.repo, model.revision
    try:
        return await aside(lambda: hub.serving(hub.repository(repo, revision)))
    except HubProblem as problem:
        return ServingFacts(gap=str(problem))


def export(run: Run, form: str, facts: ServingFacts | None = None) -> str:
    """The text of a task file or a shell script. Asks nobody: `facts` are those of `serving_facts`.

    BadInput where something that it needs is missing from the plan, Refused where this tool cannot serve the model.
    """
    if form not in FORMATS:
        raise BadInput(f"There is no export {form!r}.", f"Choose one of {', '.join(FORMATS)}.")
    planned = _deployment(run, form, facts or ServingFacts())
    if form == "skypilot":
        return yaml_text(skypilot.notes(planned), skypilot.task(planned))
    if form == "dstack":
        return yaml_text(dstack.notes(planned), dstack.task(planned))
    return commands.command_text(planned)


def _deployment(run: Run, form: str, facts: ServingFacts) -> Deployment:
    table, server = load_servers(), _server(run, form)
    model = require_servable(run.model, server, exports=True)
    size: Sizing | None = None
    unsized = ""
    if server.id in ("vllm", "sglang"):
        try:
            size = size_for(
                facts, run.serve.max_model_len, run.serve.gpu_memory_gb, table.gpu, across=server.id == "sglang"
            )
            size = on_hardware(size, run.serve.hardware, table.gpu)
        except BadInput as unknown:
            if form in RENTING or facts.shape is not None:
                raise
            unsized = f"{unknown} {unknown.hint}"
    return Deployment(
        model=model,
        server=server,
        serve=run.serve,
        settings=run.settings,
        gated=facts.gated,
        size=size,
        unsized=unsized,
    )
