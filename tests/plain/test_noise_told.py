"""A contended run is told in plain: its mark and reasons, the machine before, during and after, and what to do."""

from __future__ import annotations

import json

import pytest
from program import STEPS_1_2, Cli, Typed

from weighbridge import cli as program
from weighbridge.domain.proof.events import Attempt, Conditions, Swept
from weighbridge.domain.proof.measure import JobFigures
from weighbridge.domain.proof.noise import RULE, Noise, NoiseFold
from weighbridge.domain.proof.settings import RuntimeSettings
from weighbridge.domain.verdict.stats import spread
from weighbridge.plain import diagnostics
from weighbridge.plain.texts.figures import formulas, rows, setting
from weighbridge.plain.texts.noise import Circumstances, contended, marked, surroundings, while_working
from weighbridge.session import Deps

CONTENDED = Noise(
    mark="contended",
    reasons=("Other programs took 98 % of one core, above 25 %.",),
    others_percent=98.2,
    run_delay_percent=3.1,
    sampled_s=2.5,
    missing=("what a hypervisor took",),
)
UNMEASURED = JobFigures.model_validate(
    {name: None for name, field in JobFigures.model_fields.items() if field.is_required()} | {"attempts": ()}
)


@pytest.fixture
def disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is contended: made-up, because a scripted runtime is too fast for samples."""
    monkeypatch.setattr(NoiseFold, "result", lambda self: CONTENDED)


def conditions(**told: object) -> Conditions:
    return Conditions.model_validate({"t": 0.0, "when": "before", "window_s": 0.3} | told)


def attempt(number: int) -> Attempt:
    return Attempt(
        t=0.0, at="", job="proof", job_id="j", number=number, mode="default", reason="", runtime="", version="",
        command=(), model_file="", model_sha256="", settings=RuntimeSettings(), available_bytes=None,
    )  # fmt: skip


@pytest.mark.usefixtures("disturbed")
def test_a_contended_proof_says_so_why_and_what_to_do(
    deps: Deps, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("weighbridge.plain.verbs.prove.real_deps", lambda: deps)
    for form in ((), ("--json",)):
        assert program.main(["prove", "bundled", *form]) == 0
        told = capsys.readouterr()
        last = told.err.splitlines()[-1]
        assert "the proof was contended" in last and CONTENDED.reasons[0] in last and "Run it again" in last
        assert told.err.count("was contended") == 1
    assert json.loads(told.out.splitlines()[-1])["noise"]["mark"] == "contended"


def test_a_run_that_is_not_contended_gets_no_such_line(capsys: pytest.CaptureFixture[str]) -> None:
    for noise in (None, Noise(mark="quiet", reasons=()), Noise(mark="unknown", reasons=("Too short to say.",))):
        diagnostics.noise(noise, "the proof")
        assert contended(noise, "the proof") is None
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("disturbed")
def test_line_prompts_offer_to_repeat_a_contended_proof(typed: Typed) -> None:
    """The first Enter starts it, `r` repeats it, and Enter goes on with what there is."""
    _, said, run = typed(STEPS_1_2 + "\n" * 4 + "r\n" + "q\n")
    assert said.count("Figures\n") == 2 and "contended: " + CONTENDED.reasons[0] in said
    assert run.proof is not None and run.proof.figures.noise == CONTENDED


def test_a_quiet_proof_is_not_offered_again(typed: Typed) -> None:
    _, said, _ = typed(STEPS_1_2 + "\n" * 4 + "q\n")
    assert said.count("Figures\n") == 1 and "The proof is there" not in said


def test_the_mark_names_its_reasons_and_what_was_not_told() -> None:
    told = marked(CONTENDED)
    assert told.startswith("contended: Other programs took 98 %") and "Not told by this system: what a hyper" in told
    assert marked(Noise(mark="quiet", reasons=())) == "quiet"
    assert marked(None).startswith("unknown: ")


def test_figures_of_the_mark_that_are_unknown_are_left_out() -> None:
    told = while_working(CONTENDED)
    assert "others 98.2 % of one core" in told and "waited for a core 3.1 %" in told and "2.5 s of work" in told
    assert "hypervisor" not in told and "None" not in told


def test_before_during_after_and_how_the_threads_were_chosen() -> None:
    around = Circumstances()
    swept = Swept(t=0.0, how="measured", n_threads=1, n_threads_batch=2, reason="One was fastest.")
    for event in (attempt(1), conditions(load1=9.0), attempt(2), swept, conditions(load1=0.5)):
        around.add(event)
    around.add(conditions(load1=0.7).model_copy(update={"when": "after"}))
    told = around.rows(CONTENDED)
    assert [name for name, _ in told] == ["chosen", "before", "during", "after"]
    assert told[0][1] == "One was fastest." and "0.5" in told[1][1] and "0.7" in told[3][1]
    around.add(attempt(3))
    assert [name for name, _ in around.rows(None)] == []


def test_conditions_in_one_line_with_a_reason_for_what_is_missing() -> None:
    told = surroundings(
        conditions(
            others_percent=3.5,
            power="battery",
            battery_percent=41.0,
            temperature_c=61.0,
            frequency_mhz=3100.0,
            available_bytes=5 * 2**30,
            swap_used_bytes=0,
            steal_percent=0.0,
            missing={"load1": "not kept here"},
        )
    )
    for part in ("others 3.5 %", "battery at 41 %", "61 C", "3100 MHz", "available 5.0 GiB", "swap in use 0.0 GiB"):
        assert part in told
    assert "(not told: load1: not kept here)" in told and "load average" not in told
    assert "mains" in surroundings(conditions(power="mains"))
    shared = surroundings(conditions(missing={"power": "no battery", "battery_percent": "no battery"}))
    assert "(not told: power, battery: no battery)" in shared


def test_every_figure_of_a_job_has_a_row() -> None:
    figures = UNMEASURED.model_copy(
        update={
            "requests": 3, "ttft_s": 0.5, "ttft_reused_s": 0.1, "total_s": 4.0, "threads": 1, "threads_batch": 2,
            "engine_prefill_tokens_per_s": 77.5, "engine_decode_tokens_per_s": 41.4, "uss_bytes": 99 * 2**20,
            "pss_bytes": 147 * 2**20, "swap_bytes": 2**20, "minor_faults": 24_643, "major_faults": 7, "cpu_s": 3.25,
            "sampler_percent": 0.53, "disagreements": ("decode: far apart",), "unstable": ("capital", "case-2"),
            "spreads": {"ttft_s": spread([0.4, 0.5, 0.9])},
        }
    )  # fmt: skip
    told = "\n".join(f"{name}: {value}" for name, value in rows(figures))
    for part in (
        "answers: 3", "TTFT: 0.50 s (median of 3, 0.40 s to 0.90 s)", "TTFT, prefix kept: 0.10 s", "77.5 tokens/s",
        "41.4 tokens/s", "they disagree: decode: far apart", "USS: 99 MiB", "PSS: 147 MiB", "in swap: 1 MiB",
        "24,643 minor, 7 major", "processor time: 3.25 s", "0.53 % of one core", "unstable: capital, case-2",
        "threads: 2 for prefill, 1 for decode", "end to end: 4.00 s",
    ):  # fmt: skip
        assert part in told


def test_what_was_not_measured_is_said_so_and_never_zero() -> None:
    told = dict(rows(UNMEASURED))
    for name in ("USS", "PSS", "in swap", "sampler", "processor time", "end to end", "threads"):
        assert told[name] == "not measured"
    assert told["page faults"] == "not measured minor, not measured major"
    assert not {"answers", "unstable", "they disagree", "TTFT, prefix kept"} & set(told)


def test_the_rule_is_printed_with_the_definitions() -> None:
    assert RULE in formulas()


def test_settings_as_a_person_types_them() -> None:
    assert [setting(value) for value in (None, True, False, 512, "f16", 0.5)] == [
        "auto",
        "on",
        "off",
        "512",
        "f16",
        "0.5",
    ]


def test_doctor_tells_what_sensors_there_are(here: Cli) -> None:
    sensors = json.loads(here("doctor", "--json").stdout)["sensors"]
    told, missing = set(sensors["told"]), sensors["missing"]
    assert {"rss_bytes", "cpu_percent", "others_percent", "available_bytes"} <= told
    assert not told & set(missing) and all(missing.values())
    assert all(sensors["at_present"][name] is None for name in missing if name in sensors["at_present"])
    text = here("doctor").stdout
    assert "sensors\n" in text and "at present\n" in text
