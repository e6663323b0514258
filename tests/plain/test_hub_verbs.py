"""`search`, `fit`, `card` and `download` against a Hub: what they print, and what they fetch."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fakehub.fake_hub import FakeHub
from program import Cli, environment, pressing_when_something_came

from weighbridge.domain.model.forecast import Forecast
from weighbridge.domain.model.hub import SearchRow
from weighbridge.session import Deps

REPO = "acme/tiny-GGUF"
SMALL, LARGE = "tiny-Q4_K_M.gguf", "tiny-Q8_0.gguf"


def test_search_lists_repositories_and_passes_every_limit_on(here: Cli, hub: FakeHub) -> None:
    hub.add("acme/other-GGUF", {"README.md": "# Other"}, downloads=9)
    text = here("search", "tiny").stdout.splitlines()
    assert text[0].split() == ["repository", "weights", "licence", "access", "downloads", "likes", "updated"]
    assert [line.split()[0] for line in text[1:]] == [REPO] and "apache-2.0" in text[1] and "1.23k" in text[1]
    limits = ("--max-params", "1.5B", "--licence", "mit", "--gated", "no", "--sort", "updated", "--limit", "3")
    done = here("search", "tiny", *limits, "--json")
    assert done.returncode == 0 and not done.stdout and "nothing was found" in done.stderr
    asked = hub.calls("GET /api/models")[-1].path
    assert "search=tiny" in asked and "license%3Amit" in asked and "sort=lastModified" in asked
    assert "gated=false" in asked.lower()


def test_search_json_has_one_object_a_line_with_stable_keys(here: Cli, hub: FakeHub) -> None:
    (row,) = [json.loads(line) for line in here("search", "tiny", "--json").stdout.splitlines()]
    assert list(row) == list(SearchRow.model_fields)
    assert row["repo"] == REPO and row["downloads"] == 1234 and row["licence"] == "apache-2.0"


def test_fit_of_a_repository_lists_its_files_and_weighs_the_recommended(here: Cli, hub: FakeHub) -> None:
    revision = hub.repos[REPO].sha
    text = here("fit", REPO).stdout
    assert f"{REPO} at commit {revision}" in text and f"Recommended: {SMALL}" in text
    assert text.index(SMALL) < text.index(LARGE) and "fits" in text and "KV cache" in text
    told = json.loads(here("fit", REPO, "--json").stdout)
    fields = [name for name in Forecast.model_fields if name != "gpu"]  # No layer goes to a GPU here.
    assert list(told)[: len(fields)] == fields
    assert [(row["file"], row["recommended"]) for row in told["files"]] == [(SMALL, True), (LARGE, False)]
    assert told["model"]["file_name"] == SMALL and told["model"]["revision"] == revision
    assert told["verdict"] == "fits" and told["disk"]["needed_bytes"] == told["model"]["size_bytes"]
    assert told["repository"]["recommended"] == SMALL and told["repository"]["reason"]


def test_fit_of_a_file_fetches_its_header_alone_and_honours_every_setting(here: Cli, hub: FakeHub) -> None:
    size = hub.repos[REPO].commits[hub.repos[REPO].sha][LARGE].size
    f16 = json.loads(here("fit", f"{REPO}:{LARGE}", "--ctx", "4096", "--json").stdout)
    assert 0 < hub.bytes_sent(r"resolve/.*\.gguf") <= (1 << 20) < size + (1 << 20)
    assert not hub.bytes_sent(SMALL) and f16["files"] is None and f16["n_ctx"] == 4096
    q8_0 = json.loads(here("fit", f"{REPO}:{LARGE}", "--ctx", "4096", "--kv-type", "q8_0", "--json").stdout)
    assert q8_0["kv_type"] == "q8_0" and q8_0["kv_bytes"] < 0.6 * f16["kv_bytes"]
    bad = here("fit", REPO, "--kv-type", "q3")
    assert bad.returncode == 2 and bad.stderr.startswith("weighbridge: --kv-type: 'q3' is not")


def test_a_file_with_spaces_in_its_name_is_found_again(here: Cli, hub: FakeHub, tiny: dict[str, Path]) -> None:
    hub.add("acme/spaced", {"a folder/my tiny-Q4_0.gguf": tiny[SMALL]})
    told = json.loads(here("fit", "acme/spaced", "--json").stdout)
    assert told["model"]["file_name"] == "a folder/my tiny-Q4_0.gguf" and told["verdict"] == "fits"


def test_a_server_without_ranges_needs_the_persons_word_for_the_whole_file(here: Cli, hub: FakeHub) -> None:
    hub.fault(r"resolve/.*\.gguf", ignore_range=True)
    refused = here("fit", f"{REPO}:{SMALL}")
    assert refused.returncode == 4 and not refused.stdout and "--whole" in refused.stderr
    agreed = here("fit", f"{REPO}:{SMALL}", "--whole", "--json")
    assert agreed.returncode == 0 and json.loads(agreed.stdout)["verdict"] == "fits"


def test_card_shows_each_fact_with_its_place_and_what_the_licence_allows(here: Cli, hub: FakeHub) -> None:
    text = here("card", REPO).stdout
    assert f"README.md of {REPO} at commit {hub.repos[REPO].sha}, read 20" in text
    assert "1. Licence: apache-2.0" in text and "Licence class: permissive" in text
    assert "Short answers in tests." in text and "It knows eight words." in text
    told = json.loads(here("card", REPO, "--json").stdout)
    assert told["card"]["licence"]["status"] == "declared" and told["licence"]["licence_class"] == "permissive"
    assert told["card"]["intended_use"]["line"] and told["card"]["intended_use"]["source"]
    assert len(told["readme"]["sha256"]) == 64 and "text" not in told["readme"]
    assert "It knows eight words." in json.loads(here("card", REPO, "--json", "--text").stdout)["readme"]["text"]


def test_sources_that_disagree_are_all_shown(here: Cli, hub: FakeHub, tiny: dict[str, Path]) -> None:
    hub.add("acme/odd-GGUF", {"README.md": "---\nlicense: mit\n---\n# Odd\n", SMALL: tiny[SMALL]})
    told = json.loads(here("card", "acme/odd-GGUF", "--json").stdout)["card"]["licence"]
    assert told["status"] == "conflicting" and told["value"] is None
    assert {claim["value"] for claim in told["claims"]} == {"mit", "apache-2.0"}
    text = here("card", "acme/odd-GGUF").stdout
    assert "1. Licence: conflicting" in text and "       mit  [" in text and "       apache-2.0  [" in text


def test_a_second_visit_without_network_shows_the_same_card(
    here: Cli, hub: FakeHub, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add("acme/tiny", {"README.md": "# The base model"})
    first = json.loads(here("card", REPO, "--json").stdout)
    assert first["readme"]["kept"] is False
    hub.stop()
    later = replace(deps, now=lambda: "2099-01-01T00:00:00Z")
    monkeypatch.setattr("weighbridge.plain.verbs.card.real_deps", lambda: later)
    second = json.loads(here("card", f"{REPO}@{hub.repos[REPO].sha}:{SMALL}", "--json").stdout)
    assert second["card"] == first["card"]
    assert second["readme"]["fetched_at"] == first["readme"]["fetched_at"] and second["readme"]["kept"] is True
    by_branch = here("card", REPO).stdout
    assert f"read {first['readme']['fetched_at']}, kept from then" in by_branch


def test_the_card_itself_is_printed_without_its_escapes(here: Cli, hub: FakeHub, tiny: dict[str, Path]) -> None:
    hostile = "# Odd \x1b]0;owned\x07\n\u202etxet\u202c [@click=app.quit]x[/]\n\x9b2J"
    hub.add("acme/odd-GGUF", {"README.md": hostile, SMALL: tiny[SMALL]})
    for option in ((), ("--text",), ("--json", "--text")):
        done = here("card", "acme/odd-GGUF", *option)
        assert done.returncode == 0
        assert all(char == "\n" or char.isprintable() for char in done.stdout + done.stderr)
    assert "[@click=app.quit]x[/]" in here("card", "acme/odd-GGUF", "--text").stdout


def test_download_prints_digest_and_place_and_fetches_once(here: Cli, hub: FakeHub, tiny: dict[str, Path]) -> None:
    done = here("download", f"{REPO}:{SMALL}")
    assert done.returncode == 0, done.stderr
    digest, path = done.stdout.rstrip("\n").split("  ")
    assert digest == hashlib.sha256(tiny[SMALL].read_bytes()).hexdigest()
    assert Path(path).read_bytes() == tiny[SMALL].read_bytes() and hub.repos[REPO].sha in path
    sent = hub.bytes_sent(r"\.gguf")
    again = json.loads(here("download", f"{REPO}:{SMALL}", "--json").stdout)
    assert again["path"] == path and again["sha256"] == digest and hub.bytes_sent(r"\.gguf") == sent
    assert "There are no runs yet" in here("runs").stdout


def test_ctrl_c_keeps_what_came_and_the_same_command_goes_on(here: Cli, hub: FakeHub, home: Path) -> None:
    hub.fault(r"GET .*resolve/.*\.gguf", stall_after=500_000)
    presser = pressing_when_something_came(home)
    stopped = here("download", f"{REPO}:{LARGE}")
    presser.join()
    assert stopped.returncode == 130 and not stopped.stdout and "the same command goes on" in stopped.stderr
    hub.clear_faults()
    done = here("download", f"{REPO}:{LARGE}")
    asked = hub.calls(r"GET .*resolve/.*\.gguf")[-1].headers["range"]
    assert done.returncode == 0 and asked.startswith("bytes=") and asked != "bytes=0-", asked


def test_ctrl_c_does_not_wait_for_a_silent_server(hub: FakeHub, home: Path) -> None:
    stall = hub.fault("/api/models", stall_before=True)
    # The client's own limits are out of reach: whoever waits for the server here does not end at all.
    program = (
        "from weighbridge.services.hub import bounded\n"
        "bounded.READ_S = bounded.TOTAL_S = 3600.0\n"
        "from weighbridge.cli import main\n"
        "raise SystemExit(main(['search', 'tiny']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home),
        start_new_session=True,
    ) as process:
        assert stall.reached.wait(60)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130 and not out
    assert err.removeprefix("waiting for the Hub: search\n") == "weighbridge: interrupted\n"
