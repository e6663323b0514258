"""The line prompts with models of the Hub: from words to a weighed, licensed and downloaded file."""

from __future__ import annotations

from pathlib import Path

from fakehub.fake_hub import FakeHub
from fakes import Script
from program import STEPS_1_2, Typed, pressing_when_something_came

from weighbridge.domain.packet import completeness
from weighbridge.services.packet_io.verify import verify_packet
from weighbridge.tui.screens.packet import item_line

REPO = "acme/tiny-GGUF"
SMALL, LARGE = "tiny-Q4_K_M.gguf", "tiny-Q8_0.gguf"
COMMERCIAL = "\n" * 6 + "2\n\n"
"""Enter at six questions, yes at the seventh, Enter at the route."""


def test_words_lead_over_a_search_and_a_list_to_a_packet(
    typed: Typed, hub: FakeHub, script: Script, tmp_path: Path
) -> None:
    code, said, run = typed(f"{STEPS_1_2}tiny\n1\n\n\n\n\n\n\n\n\n./mine\n")
    assert code == 0, said
    assert f"  1. {REPO}" in said and f"Recommended: {SMALL}" in said and "[1]" in said
    assert "Licence class: permissive" in said and f"Enter downloads {SMALL}" in said
    assert run.model is not None and run.model.revision == hub.repos[REPO].sha and run.model.file_name == SMALL
    assert f"weighbridge prove {REPO}@{run.model.revision}:{SMALL} --ctx" in said
    assert script.launches and script.launches[0].model_path == run.model.path
    assert verify_packet(tmp_path / "mine").ok


def test_what_sources_disagree_on_is_marked_before_the_packet_is_saved(
    typed: Typed, hub: FakeHub, tiny: dict[str, Path]
) -> None:
    hub.add("acme/odd-GGUF", {"README.md": "---\nlicense: mit\n---\n# Odd\n", SMALL: tiny[SMALL]})
    code, said, run = typed(f"{STEPS_1_2}acme/odd-GGUF\n\n\n\n\n\n\n\n\n./mine\n")
    assert code == 0, said
    assert "2. ? DISPUTED License note: conflicting: mit" in said and "nobody has decided" in said
    (item,) = [item for item in completeness(run) if item.disputed]
    line = item_line(item).plain
    assert line.startswith("? License note") and "disputed  nobody decided between mit" in line


def test_a_name_shows_its_files_and_a_number_takes_another_one(typed: Typed, hub: FakeHub) -> None:
    _, said, run = typed(f"{STEPS_1_2}{REPO}\n2\nq\n")
    assert f"{REPO} at commit {hub.repos[REPO].sha}" in said and "MiB to download" in said
    assert run.model is not None and run.model.file_name == LARGE and run.model.to_download
    assert hub.bytes_sent(r"\.gguf") < 1 << 20, "headers only"


def test_an_address_of_a_file_takes_it_at_once(typed: Typed, hub: FakeHub) -> None:
    _, _, run = typed(f"{STEPS_1_2}https://huggingface.co/{REPO}/blob/main/{LARGE}\nq\n")
    assert run.model is not None and run.model.file_name == LARGE


def test_b_in_a_list_comes_back_to_the_question(typed: Typed, hub: FakeHub) -> None:
    _, said, run = typed(f"{STEPS_1_2}tiny\nb\n{REPO}\nb\nbundled\nq\n")
    assert said.count("Step 3 of 9") == 1 and run.model is not None and run.model.kind == "bundled"


def test_what_the_hub_refuses_leaves_the_prompts_standing(typed: Typed, hub: FakeHub) -> None:
    lines = "nonsense words\nacme/absent\nhttps://huggingface.co/datasets/acme/q\nbundled\nq\n"
    code, said, run = typed(f"{STEPS_1_2}{lines}")
    assert code == 0 and "! The Hub has no GGUF model for nonsense words." in said
    assert "! acme/absent" in said and "dataset" in said and run.model is not None


def test_a_lost_network_leaves_the_prompts_standing_at_every_stage(typed: Typed, hub: FakeHub) -> None:
    hub.fault("/api/models", status=500, times=40)
    _, said, _ = typed(f"{STEPS_1_2}tiny\n{REPO}\nq\n")
    assert said.count("\n! ") == 2 and "Step 3 of 9" in said
    hub.clear_faults()
    hub.fault(rf"GET .*resolve/.*{SMALL}", status=503)
    code, said, run = typed(f"{STEPS_1_2}{REPO}\n2\n\n\n\nq\n")
    assert code == 0 and run.model is not None


def test_a_server_without_ranges_is_asked_whole_only_after_a_yes(typed: Typed, hub: FakeHub) -> None:
    hub.fault(r"resolve/.*\.gguf", ignore_range=True)
    _, said, run = typed(f"{STEPS_1_2}{REPO}\n1\n\nq\n")
    assert "y fetches the whole file to weigh it" in said and run.model is None
    _, said, run = typed(f"{STEPS_1_2}{REPO}\n1\ny\n\nq\n")
    assert run.model is not None and not run.model.to_download and run.forecast is not None


def test_facts_are_typed_and_the_card_is_read(typed: Typed, hub: FakeHub) -> None:
    _, said, run = typed(f"{STEPS_1_2}{REPO}\n\ncard\n5\nmedical advice\n\nq\n")
    assert "## Limitations" in said and "It knows eight words." in said
    assert run.card is not None and run.card.out_of_scope_use.value == "medical advice"
    assert run.card.licence.status == "declared" and "card" in run.confirmed


def test_a_licence_that_does_not_cover_the_use_refuses_until_it_is_overruled(
    typed: Typed, hub: FakeHub, tiny: dict[str, Path]
) -> None:
    hub.add("acme/nc-GGUF", {"README.md": "---\nlicense: cc-by-nc-4.0\n---\n# NC\n", SMALL: tiny["plain"]})
    _, said, run = typed(f"{COMMERCIAL}acme/nc-GGUF\n\n\naccept=we bought a licence\n\nq\n")
    assert "Licence class: non-commercial" in said and "! Commercial use is stated" in said
    assert said.count("Step 4 of 9") == 2 and "card" in run.confirmed
    (override,) = run.overrides
    assert override.what == "licence" and override.reason == "we bought a licence"


def test_ctrl_c_stops_the_download_and_enter_goes_on_with_it(typed: Typed, hub: FakeHub, home: Path) -> None:
    hub.fault(rf"GET .*resolve/.*{LARGE}", stall_after=1_000_000, times=2)
    presser = pressing_when_something_came(home)
    code, said, run = typed(f"{STEPS_1_2}{REPO}\n2\n\n\n\n\n\nq\n")
    presser.join()
    assert code == 0 and "! The download was stopped." in said
    assert run.model is not None and not run.model.to_download
