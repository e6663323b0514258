"""What a packet must hold where something else than a child on this machine ran the model: a server, a rented GPU, a
notebook; and the three notes that private documents ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from weighbridge.domain.deciding import rented_usd
from weighbridge.domain.facts import Fact, declared, derived, measured, missing, typed
from weighbridge.domain.flow import inputs_digest
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import contended_first
from weighbridge.domain.proof.server_fold import ServerFigures
from weighbridge.domain.run import PlanDetails, Run
from weighbridge.domain.serving.billing import per_hour, price_words
from weighbridge.domain.serving.rental import Price, Rental
from weighbridge.domain.serving.stop_words import endpoint_words, stage_words
from weighbridge.domain.serving.target import Target

OWED = "planned: still owed"
_OLLAMA = "ollama"
"""Its service keeps the model in processes that come and go: its own account of the model is the memory."""
_OF_THE_PROCESS = "peak RSS of its process here"
NOT_RUN = "the proof has not run"
SERVER = "the server's own account"
PROCESSES = "the operating system's process table"


class Asked(NamedTuple):
    """One item that a route asks for beside the nine: its id, its title, and what is known of it."""

    id: str
    title: str
    fact: Fact


def of_the_route(run: Run) -> Iterator[Asked]:
    """What the lesson asks beside the nine, for a notebook and for a rented GPU."""
    if run.decision.route == "free_colab":
        yield from _notebook(run)
    elif run.decision.route == "rented_gpu":
        yield Asked("endpoint", "Endpoint", _endpoint(run))
        yield Asked("cost", "Cost per hour", _cost(run))
        yield Asked("stop-command", "Stop command", _stop_command(run))
        if run.rentals:
            yield Asked("stop-proof", "Proof of stop", _stops(run.rentals))


PRIVATE: tuple[tuple[str, str, str], ...] = (
    ("access_rule", "Access rule", "who may read the documents, and this packet"),
    ("source_trace", "Source trace", "which document each passage came from"),
    ("no_leak_note", "No-leak note", "that no passage went where it must not, by whom that was looked at, and when"),
)
"""The lesson's three notes where documents are private: the field of the plan, the title, and what it is to say."""


def private_notes(plan: PlanDetails) -> Iterator[Asked]:
    """The three notes, each typed or owed."""
    for field, title, what in PRIVATE:
        text = getattr(plan, field).strip()
        yield Asked(field.replace("_", "-"), title, typed(text) if text else missing(f"not typed: {what}"))


def served_runtime(run: Run, target: Target) -> Fact:
    """Engine and address of the server that answered the proof: declared, as it says so of itself."""
    server = run.proof.figures.server if run.proof else None
    if server is None:
        return missing(NOT_RUN)
    return declared(f"{server.name} at {target.base_url or 'an address of this machine'}, as {target.model}", SERVER)


def served_resources(figures: JobFigures) -> Fact:
    """Latency as the client saw it, and memory where somebody tells it; what nobody tells is said, and is not 0."""
    server = figures.server
    assert server is not None
    if figures.requests is None:
        return missing("no answer was measured")
    ttft = "TTFT not reached" if figures.ttft_s is None else f"TTFT {figures.ttft_s:.2f} s"
    if figures.ttft_s is None and figures.ttft_reused_s is not None:
        ttft = f"TTFT {figures.ttft_reused_s:.2f} s with a prefix that was reused"
    told = {
        "GPU memory": server.gpu_memory_bytes,
        "memory": server.memory_bytes,
        _OF_THE_PROCESS: figures.peak_rss_bytes,
    }
    if server.engine == _OLLAMA and (told["memory"] is not None or told["GPU memory"] is not None):
        told = {"the model in GPU memory": told["GPU memory"], "the model in main memory": told["memory"]}
    parts = [f"{name} {size / 2**20:.0f} MiB" for name, size in told.items() if size is not None]
    memory = ", ".join(parts) or f"memory not known ({server.memory_missing})"
    by_the_system = (PROCESSES,) if told.get(_OF_THE_PROCESS) is not None else ()
    source = ", ".join(("the proof", *server.memory_sources, *by_the_system))
    return measured(f"{contended_first(figures.noise)}{ttft} as the client saw it; {memory}", source)


def served_shutdown(run: Run, target: Target) -> Fact:
    """The end of a server: proof of stop for a rental, the process or the released model for what was started here."""
    proof, rental = run.proof, run.answering
    if target.origin == "rented" and rental is not None:
        return stop_proof(rental)
    if proof is None or not proof.shutdown:
        return missing("no end of the server is on record")
    server = proof.figures.server
    if server is not None and server.how == "left_running":
        command = run.plan.stop_command.strip()
        if command:
            return typed(f"not ours to stop; to stop it: {command}")
        return missing("the server was left running, for it is not ours to stop: type the command that stops it")
    return measured(proof.shutdown, _seen_by(server))


def _seen_by(server: ServerFigures | None) -> str:
    """Who showed the end: the service of Ollama lives on without the model, so that its process shows nothing."""
    if server is not None and (server.how == "released" or server.engine == _OLLAMA):
        return "/api/ps of Ollama"
    return PROCESSES if server is not None and server.pid is not None else "the server's answer after the stop"


def _owed(run: Run, how: str) -> Fact:
    """What nobody has typed: still owed by a plan; where something ran, `how` to type it."""
    return missing(OWED if run.planned else f"not typed: {how}")


def stop_proof(rental: Rental) -> Fact:
    """What shows that the rented machine stopped, or that it is owed."""
    stop, job = rental.stop, rental.job_id or "without an id"
    if rental.never:
        return measured("no job was made, so that nothing ran", "the provider's answer")
    if stop is None:
        return missing(f"the job {job} was not seen to stop: stop it, and its end is looked up")
    said = f"the job {job} {stage_words(stop)}, and {endpoint_words(rental, stop)}"
    if not stop.proven:
        return missing(f"the stop is not proven: {said}")
    return measured(said, "the provider's stage of the job, and a request to its endpoint")


def _stops(rentals: Sequence[Rental]) -> Fact:
    """Of every rental of the run: the first proof that is owed, else all of them."""
    shown = [stop_proof(rental) for rental in rentals]
    owed = next((fact for fact in shown if fact.status == "missing"), None)
    if owed is not None or len(shown) == 1:
        return owed or shown[0]
    said = "; ".join(fact.text for fact in shown)
    return measured(f"{len(shown)} rentals: {said}", "the provider's stage of each job, and a request to its endpoint")


def notebook_shutdown(run: Run, shutdown: str) -> Fact:
    """The engine's process is gone, and the notebook's runtime was given back."""
    assert run.notebook is not None
    ended = run.notebook.stop.strip()
    if not ended:
        return missing("that the notebook's runtime was given back is not on record")
    shown = "; ".join(filter(None, (shutdown, f"runtime: {ended}")))
    return measured(shown, "the process table in the notebook, and how its runtime was given back")


def _notebook(run: Run) -> Iterator[Asked]:
    plan, runtime = run.plan, run.notebook
    link = (runtime.link if runtime else "") or plan.notebook_link
    yield Asked("notebook-link", "Notebook link", typed(link) if link else missing(OWED if run.planned else _UNSAID))
    kind = ", ".join(filter(None, (runtime.runtime_type, runtime.accelerator))) if runtime else ""
    own = typed(plan.runtime_type) if plan.runtime_type else missing(OWED if run.planned else _UNSAID)
    yield Asked("runtime-type", "Runtime type", measured(kind, "the notebook's own cells") if kind else own)
    yield Asked("reset-note", "Reset note", _reset(run))


_UNSAID = "the notebook does not say it, and nobody has typed it"


def _reset(run: Run) -> Fact:
    """From the boot id at start and end; a person's own note where one of them is not known."""
    runtime, note = run.notebook, run.plan.reset_note
    if runtime is not None and runtime.was_reset is not None:
        source = "the boot id of the machine, read in the first and in the last cell"
        if runtime.was_reset:
            said = "RESET underway: the boot id differs at the end, so that what ran before is another machine's"
            return measured(said, source)
        return measured(f"not reset: the boot id is {runtime.boot_id} at start and end", source)
    if note:
        return typed(note)
    if runtime is None:
        return _owed(run, "reset_note below [plan] of a plan file")
    return missing("the boot id is not known of both start and end")


def _endpoint(run: Run) -> Fact:
    target, proof = run.target, run.proof
    current = proof is not None and proof.inputs == inputs_digest(run, "proof")
    if target is not None and proof is not None and proof.figures.requests and current:
        return measured(f"{target.base_url}; its requests and responses are in events.jsonl", "the proof")
    known = run.plan.endpoint or (target.base_url if target else "")
    return typed(known) if known else _owed(run, "endpoint below [plan] of a plan file")


def _cost(run: Run) -> Fact:
    """The provider's price first, with its source; a typed one stands beside it. Unknown stays unknown."""
    rental, own = run.answering or run.rental, run.plan.cost_per_hour.strip()
    price = rental.order.hardware.price if rental else None
    if rental is None or price is None:
        if own:
            return typed(own)
        if rental is not None:
            return missing("the provider told no price, and none is typed")
        return _owed(run, "cost_per_hour below [plan] of a plan file, or in step 5")
    mine = rental.order.typed_price
    beside = f"typed beside it: {price_words(mine)}" if mine else f"typed beside it: {own}" if own else ""
    parts = (f"{per_hour(price):,.4g} {price.currency} an hour", beside, *_spent(rental), *_in_all(run))
    shown = "; ".join(part for part in parts if part)
    return declared(shown, price_source(price))


def price_source(price: Price) -> str:
    """Who said what it costs, and when."""
    who = {"hf_jobs_api": "the provider's list of hardware", "user_typed": "typed by the person"}[price.source]
    return f"{who}, {price.retrieved_at}"


def _spent(rental: Rental) -> Iterator[str]:
    cost = rental.cost
    if cost is None or cost.amount_usd is None or cost.seconds is None:
        yield "what it has cost is not known yet"
    else:
        yield f"{cost.seconds:,.0f} s came to {cost.amount_usd:.4f} USD, of at most {rental.order.cap_usd:g} USD"


def _in_all(run: Run) -> Iterator[str]:
    if len(run.rentals) > 1:
        usd = rented_usd(run)
        yield f"all {len(run.rentals)} rentals: {'not known yet' if usd is None else f'{usd:.4f} USD'}"


def _stop_command(run: Run) -> Fact:
    rental, own = run.answering or run.rental, run.plan.stop_command.strip()
    if rental is not None and rental.job_id:
        return derived(
            f"weighbridge jobs stop {rental.job_id}; the provider's own: hf jobs cancel {rental.job_id}", "the rental"
        )
    return typed(own) if own else _owed(run, "stop_command below [plan] of a plan file, or in step 5")
