"""The palette: every action by name, so that no key has to be remembered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from weighbridge.domain.steps import STEPS
from weighbridge.tui.shapes import can_start

if TYPE_CHECKING:
    from weighbridge.tui.app import WeighbridgeApp
    from weighbridge.tui.screens.step import StepScreen


def commands(app: WeighbridgeApp) -> Iterator[SystemCommand]:
    """What can be done at this moment."""
    screen = app.step_screen
    running = app.jobs.running
    if screen is not None:
        yield SystemCommand("Next", "Confirm this step and go on (ctrl+n)", screen.action_next)
        yield SystemCommand("Back", "Go back one step (ctrl+b)", screen.action_back)
        yield from _of_the_step(screen)
        for step in STEPS:
            title = f"Go to step {step.number}: {step.title}"
            yield SystemCommand(title, f"Leaves: {step.leaves}", partial(screen.jump, step.id))
    if running:
        yield SystemCommand(
            f"Stop the {running}", "A child process is gone within 0.3 s; a server is asked no more", app.jobs.stop
        )
    elif can_start(app.session.run):
        yield SystemCommand(
            "Start the proof", "One prompt, measured (ctrl+r in step 6)", partial(app.start_job, "proof")
        )
        yield SystemCommand("Start the eval", "The fixed cases (ctrl+r in step 7)", partial(app.start_job, "eval"))
    if not running:
        again = "Its recipe in a new run; then what is equal and what differs"
        yield SystemCommand("Prove again from a packet", again, partial(_again, app))
    both = "Two packets side by side, each checked first"
    yield SystemCommand("Compare two packets", both, partial(_compare, app))
    if app.jobs.show_comparison:
        seen = "The last proof beside the packet's"
        yield SystemCommand("Show the comparison", seen, app.jobs.show_comparison)
    if app.jobs.model.loading:
        yield SystemCommand("Stop the download", "What is here stays (escape in step 5)", app.jobs.model.stop_loading)
    elif app.can_download:
        yield SystemCommand("Download the model", "The exact file, its SHA-256 checked (ctrl+d)", app.download)
    yield from _elsewhere(app)
    yield SystemCommand("Cases", "Add, change, try, import and save them (e in step 7)", app.action_cases)
    yield SystemCommand("Runs", "Resume, delete, or begin a run (ctrl+l)", app.action_runs)
    yield SystemCommand("New run", "Begin again with every default", partial(app.open_run, None))
    yield SystemCommand("Save packet", "Go to step 9 and save (ctrl+s there)", app.action_save_packet)
    yield SystemCommand("Help", "About this step, and its keys (f1)", app.action_help)
    yield SystemCommand("Theme", "Other colours, the terminal's own among them", app.action_change_theme)
    yield SystemCommand("Quit", "Everything is saved (ctrl+q)", app.action_quit)


def _elsewhere(app: WeighbridgeApp) -> Iterator[SystemCommand]:
    """What is about servers and rented machines."""
    if app.jobs.rentals.open is not None:
        yield SystemCommand("Stop the rented GPU", "And show the proof that it stopped (f9)", app.action_rentals)
    yield SystemCommand("Jobs", "Rented GPUs that may cost money, and their stop", partial(_jobs, app))
    yield SystemCommand("Export", "The plan for SkyPilot, dstack, vLLM, ... (f5 in step 5)", partial(_export, app))
    if app.session.run.target is not None:
        yield SystemCommand("API key", "For the server of this run; kept in memory only", partial(_key, app))
        loaded = "The cases at 1, 2, 4, 8 requests at once (f5 in step 7)"
        yield SystemCommand("Load", loaded, partial(_load, app))


def _again(app: WeighbridgeApp) -> None:
    from weighbridge.tui.work.again import prove_again

    app.run_worker(prove_again(app), group="again", exclusive=True)


def _compare(app: WeighbridgeApp) -> None:
    from weighbridge.tui.work.comparing import compare

    compare(app)


def _jobs(app: WeighbridgeApp) -> None:
    from weighbridge.tui.work.renting import show_left

    show_left(app)


def _export(app: WeighbridgeApp) -> None:
    from weighbridge.tui.work.exporting import export

    export(app)


def _key(app: WeighbridgeApp) -> None:
    from weighbridge.tui.work.asking_server import ask_key

    target = app.session.run.target
    if target is not None:
        ask_key(app, target.base_url, "", lambda: app.tell(None))


def _load(app: WeighbridgeApp) -> None:
    from weighbridge.tui.work.loads import show_load

    show_load(app)


OWN = (
    "next",
    "back",
    "start",
    "stop",
    "download",
    "help",
    "jump",
    "runs",
    "compare",
    "command_palette",
    "quit",
    "rentals",
    "export",
    "load",
    "app.cases",
)
"""Actions that have a name of their own above."""


def _of_the_step(screen: StepScreen) -> Iterator[SystemCommand]:
    """The keys that only this step has, by the names that the footer gives them."""
    for active in screen.active_bindings.values():
        binding, node = active.binding, active.node
        if active.enabled and binding.show and binding.action not in OWN:
            does = f"{binding.tooltip or binding.description} ({binding.key})"
            yield SystemCommand(binding.description, does, partial(screen.app.run_action, binding.action, node))
