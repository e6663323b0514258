"""`run PLAN --rent USD` and `weighbridge jobs`, as a person and a program read them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fakejobs.fake_jobs import FakeJobs
from rental_steps import FAST, GIVES_UP, PLAN

from weighbridge.domain.flow import status
from weighbridge.domain.steps import ORDER
from weighbridge.plain.texts.rental import new_lines
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.services.rentals import Ledger
from weighbridge.services.runs.store import RunStore

Here = Callable[..., tuple[int, str, str]]
unstoppable = pytest.mark.parametrize("waits", [GIVES_UP], ids=[""])


def test_a_plan_is_rented_for_weighed_and_given_back_with_its_cost(
    here: Here, service: FakeJobs, tmp_path: Path
) -> None:
    code, out, err = here("run", "plan.toml", "-o", "packet", "--rent", "1.00", "--json")
    told = json.loads(out)
    assert code == 0, err
    assert told["planned"] is False and told["proof"]["outcome"] == "completed"
    assert not service.living() and verify_packet(tmp_path / "packet").ok
    assert "1.00 USD" in err and "74 minutes" in err, "price, cap and time limit stand before the start"
    assert "Proof of stop" in err and "It cost" in err
    left = {"endpoint", "cost", "stop", "shutdown"} & set(told["missing"])
    assert not left, told["missing"]


def test_without_rent_it_stays_a_plan_and_nothing_is_started(here: Here, service: FakeJobs) -> None:
    code, out, _ = here("run", "plan.toml", "-o", "packet", "--json")
    assert code == 0 and json.loads(out)["planned"] is True
    assert not service.jobs


def test_a_cap_that_is_no_amount_is_exit_2(here: Here, service: FakeJobs) -> None:
    for amount in ("much", "-1", "0", "nan", "1e9"):
        code, _, err = here("run", "plan.toml", "-o", "packet", f"--rent={amount}")
        assert code == 2 and "--rent takes" in err and not service.calls()


def test_a_cap_that_buys_no_start_names_the_least_one(here: Here, service: FakeJobs) -> None:
    code, _, err = here("run", "plan.toml", "-o", "packet", "--rent", "0.05")
    assert code == 2 and "0.08 USD" in err and not service.jobs


def test_a_job_that_fails_is_exit_4_with_the_end_of_its_log_and_no_packet(
    here: Here, service: FakeJobs, tmp_path: Path
) -> None:
    service.fails = "CUDA out of memory"
    code, _, err = here("run", "plan.toml", "-o", "packet", "--rent", "1")
    assert code == 4 and "CUDA out of memory" in err and "Loading weights" in err
    assert not (tmp_path / "packet").exists()


@unstoppable
def test_a_machine_that_cannot_be_stopped_is_said_loudly_and_exit_4(here: Here, service: FakeJobs) -> None:
    service.cancel_works = service.cap_kept = False
    code, _, err = here("run", "plan.toml", "-o", "packet", "--rent", "1")
    assert code == 4 and "NOT PROVEN TO HAVE STOPPED" in err and "weighbridge jobs stop" in err
    code, out, _ = here("jobs")
    assert code == 0 and "MAY STILL RUN" in out
    service.cancel_works = True
    code, out, _ = here("jobs", "stop", "all", "--json")
    stopped = json.loads(out)
    assert code == 0 and stopped["stop"]["stage"] == "CANCELED" and stopped["cost"]["amount_usd"] > 0
    assert not service.living()


def test_jobs_lists_stops_and_prices(here: Here, service: FakeJobs, home: Path) -> None:
    assert here("jobs") == (0, "weighbridge has rented nothing.\n", "")
    code, out, _ = here("jobs", "hardware")
    assert code == 0 and "l4x1: 0.80 USD an hour, 1 x L4 24 GB" in out
    service.fails = "no such model"
    here("run", "plan.toml", "-o", "packet", "--rent", "1")
    code, out, _ = here("jobs", "list", "--json")
    (row,) = [json.loads(line) for line in out.splitlines()]
    assert (row["state"], row["job"]) == ("over", next(iter(service.jobs)))
    assert here("jobs", "stop")[0] == 2 and here("jobs", "stop", "ffff")[0] == 2
    (page,) = Ledger(home).pages()
    (home / "rentals" / f"{page.id}.json").write_text("{")
    assert "DAMAGED" in here("jobs")[1]


def test_without_a_token_nothing_is_rented_and_the_list_says_that_the_hub_was_not_asked(
    here: Here, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    code, _, err = here("run", "plan.toml", "-o", "packet", "--rent", "1")
    assert code == 3 and "No Hub token is set" in err and not service.jobs
    for words in (("jobs",), ("jobs", "stop", "all"), ("jobs", "stop", "abcd1234")):
        code, out, err = here(*words)
        assert code == 4 and "not known: the Hub was not asked: No Hub token" in err and not out, words
    monkeypatch.setenv("HF_TOKEN", "hf_" + "z" * 34)
    code, out, err = here("jobs", "stop", "all")
    assert code == 4 and "the Hub was not asked" in err and "Nothing runs" not in out


def test_the_lower_one_of_cap_and_rent_counts_and_every_step_is_done(
    here: Here, service: FakeJobs, home: Path, tmp_path: Path
) -> None:
    service.speed = 1  # the small caps buy minutes: no slow machine may need as long
    (tmp_path / "plan.toml").write_text(PLAN.replace("[serve]", "[serve]\ncap_usd = 0.20"))
    code, _, err = here("run", "plan.toml", "-o", "packet", "--rent", "5")
    assert code == 0 and "cap_usd of 0.20 USD counts: it is lower than --rent 5" in err, err
    (page,) = Ledger(home).pages()
    assert page.rental is not None and page.rental.order.cap_usd == 0.2
    assert page.rental.log_tail == ("serving acme/small-Instruct",)
    run = RunStore(home).load(page.rental.order.run_id)
    assert [status(run, step) for step in ORDER] == ["done"] * len(ORDER)
    code, _, err = here("run", "plan.toml", "-o", "second", "--rent", "0.10")
    assert code == 0 and "--rent 0.10 counts" in err


@pytest.mark.parametrize("waits", [FAST.model_copy(update={"ready": 2.0})], ids=[""])
def test_lines_of_a_log_are_shown_once_and_a_few_at_a_time(here: Here, service: FakeJobs) -> None:
    assert new_lines((), ("a", "b")) == ("a", "b") and new_lines(("a", "b"), ("b", "c")) == ("c",)
    assert new_lines(("a",), ("a",)) == () and new_lines(("a",), tuple("bcdefg")) == ("e", "f", "g")
    service.ready = False
    assert "  log: serving acme/small-Instruct" in here("run", "plan.toml", "-o", "packet", "--rent", "1")[2]


@unstoppable
def test_no_machine_is_started_beside_one_that_was_left(here: Here, service: FakeJobs, home: Path) -> None:
    service.cancel_works = service.cap_kept = False
    here("run", "plan.toml", "-o", "packet", "--rent", "1")
    (job,) = service.living()
    code, _, err = here("run", "plan.toml", "-o", "second", "--rent", "1")
    assert code == 3 and f"weighbridge jobs stop {job.id}" in err and len(service.jobs) == 1
    code, _, err = here("doctor")
    assert code == 0 and f"MAY STILL RUN: job {job.id}" in err
    service.cancel_works = True
    assert here("jobs", "stop", job.id[-6:])[0] == 2, "not the beginning of an id"
    (page,) = Ledger(home).pages()
    lock = Ledger(home).require_free(page.id)
    assert f"The rental {job.id} is in use" in here("jobs", "stop", page.id)[2]
    lock.release()
    code, out, _ = here("jobs", "stop", page.id[:18])
    assert code == 0 and f"job {job.id} is CANCELED" in out and not service.living()
    assert here("jobs", "stop", job.id)[0] == 0


@unstoppable
def test_beside_a_left_machine_a_terminal_asks_for_the_amount(
    here: Here, service: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.cancel_works = service.cap_kept = False
    here("run", "plan.toml", "-o", "packet", "--rent", "1")
    monkeypatch.setattr("weighbridge.plain.verbs.rented._can_ask", lambda: True)
    for typed, jobs in (("yes\n", 1), ("2\n", 1), ("1.00\n", 2)):
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        _, _, err = here("run", "plan.toml", "-o", "second", "--rent", "1")
        assert "Type the amount, 1," in err and len(service.jobs) == jobs, typed
