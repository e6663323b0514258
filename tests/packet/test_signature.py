"""A person's own SSH signature: made beside the bag, told apart from integrity, and checked against a list of keys."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import bagit
import pytest
from packet.forge import problems

from weighbridge.cli import main
from weighbridge.domain.problems import BadInput, OutsideFailed
from weighbridge.services.packet_io import bag, signature
from weighbridge.services.packet_io.report import Check
from weighbridge.services.packet_io.signature import sign
from weighbridge.services.packet_io.verify import verify_packet

pytestmark = [
    pytest.mark.usefixtures("marks_here"),
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed"),
]


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`anna` and `bert`, and a list that trusts anna alone."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("anna", "bert"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (folder / "signers").write_text(f"anna@example.org {(folder / 'anna.pub').read_text()}")
    return folder


def checked(packet: Path, signers: Path | None = None) -> Check | None:
    return next((c for c in verify_packet(packet, signers=signers).checks if c.name == signature.AREA), None)


def test_a_signed_packet_holds_for_us_for_bagit_and_for_sha256sum(packet: Path, keys: Path) -> None:
    who = sign(packet, keys / "anna")
    found = checked(packet)
    assert found and found.ok and who in found.detail and "not checked against anybody" in found.detail
    assert who.startswith("ED25519 key SHA256:") and problems(packet) == []
    assert bagit.Bag(str(packet)).validate()
    command = f"ssh-keygen -Y verify -f {keys}/signers -I anna@example.org -n evidence-packet -s {bag.SIGNATURE}"
    done = subprocess.run(
        ["bash", "-c", f"{command} < {bag.TAG_MANIFEST}"], cwd=packet, capture_output=True, check=True
    )
    assert b"anna@example.org" in done.stdout


def test_a_list_of_keys_says_who_signed_or_that_nobody_known_did(packet: Path, keys: Path) -> None:
    unsigned = checked(packet, keys / "signers")
    assert unsigned and not unsigned.ok and "not signed" in unsigned.detail and checked(packet) is None
    sign(packet, keys / "anna")
    known = checked(packet, keys / "signers")
    assert known and known.ok and "signed by anna@example.org" in known.detail
    (packet / bag.SIGNATURE).unlink()
    sign(packet, keys / "bert")
    stranger = checked(packet, keys / "signers")
    assert stranger and not stranger.ok and "nobody's in" in stranger.detail
    alone = checked(packet)
    assert alone and alone.ok


@pytest.mark.parametrize("how", ["other packet", "other purpose", "no signature", "huge"])
def test_a_wrong_signature_fails_with_and_without_a_list(packet: Path, hub_packet: Path, keys: Path, how: str) -> None:
    target = packet / bag.SIGNATURE
    if how == "other packet":
        sign(hub_packet, keys / "anna")
        shutil.copy(hub_packet / bag.SIGNATURE, target)
    elif how == "other purpose":
        command = [
            "ssh-keygen",
            "-Y",
            "sign",
            "-q",
            "-n",
            "file",
            "-f",
            str(keys / "anna"),
            str(packet / bag.TAG_MANIFEST),
        ]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    else:
        target.write_text("nonsense\n" if how == "no signature" else "x" * 100_000)
    for signers in (None, keys / "signers"):
        found = checked(packet, signers)
        assert found and not found.ok
        assert not verify_packet(packet, signers=signers).ok


def test_a_signed_packet_that_is_changed_does_not_hold(packet: Path, keys: Path) -> None:
    sign(packet, keys / "anna")
    with (packet / bag.TAG_MANIFEST).open("a") as file:
        file.write("0" * 64 + "  bag-info.txt\n")
    assert any(line.startswith("signature: ") for line in problems(packet))


def test_no_other_file_may_stand_beside_the_bag(packet: Path, keys: Path) -> None:
    sign(packet, keys / "anna")
    shutil.copy(packet / bag.SIGNATURE, packet / "bag-info.txt.sig")
    assert problems(packet) == ["no other files: bag-info.txt.sig was added: no manifest lists it"]


def test_without_ssh_keygen_the_bag_is_checked_and_the_signature_said_not_to_be(
    packet: Path, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(packet, keys / "anna")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = checked(packet)
    assert found and found.ok and not found.checked and "ssh-keygen is not installed" in found.detail
    assert verify_packet(packet).ok and not verify_packet(packet, signers=keys / "signers").ok
    (packet / bag.SIGNATURE).unlink()
    with pytest.raises(OutsideFailed, match="ssh-keygen is not installed"):
        sign(packet, keys / "anna")


def test_the_verbs_sign_once_and_only_what_holds(
    packet: Path, keys: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["verify", str(packet), "--signers", str(keys / "signers")]) == 5
    assert "holds, and nobody has signed it" in capsys.readouterr().err
    assert main(["sign", str(packet), "--key", str(keys / "anna")]) == 0
    assert "signed with the ED25519 key SHA256:" in capsys.readouterr().out
    assert main(["verify", str(packet), "--signers", str(keys / "signers")]) == 0
    said = capsys.readouterr().out
    assert "holds: signature: signed by anna@example.org" in said
    assert said.splitlines()[-1].startswith("packet holds: complete, signed by anna@example.org, ED25519 key SHA256:")
    assert main(["sign", str(packet), "--key", str(keys / "anna")]) == 2
    assert "is signed already" in capsys.readouterr().err
    (packet / bag.SIGNATURE).unlink()
    (packet / "data/README.md").write_text("other\n")
    assert main(["sign", str(packet), "--key", str(keys / "anna")]) == 5
    assert not (packet / bag.SIGNATURE).exists()


def test_another_signer_is_named_and_nobody_is_told_to_fetch_the_packet_again(
    packet: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign(packet, keys / "bert")
    assert main(["verify", str(packet), "--signers", str(keys / "signers")]) == 5
    said = capsys.readouterr().err
    assert "holds, and is signed by the ED25519 key SHA256:" in said and "nobody's in" in said
    assert "Name the file of signers" in said and "Ask for the packet again" not in said


def test_a_key_that_cannot_sign_is_wrong_input(packet: Path, keys: Path) -> None:
    (keys / "broken").write_text("no key\n")
    (keys / "broken").chmod(0o600)
    for name in ("broken", "nowhere"):
        with pytest.raises(BadInput) as raised:
            sign(packet, keys / name)
        assert raised.value.hint and name in str(raised.value)
    assert not (packet / bag.SIGNATURE).exists()
    with pytest.raises(BadInput, match="There is no file"):
        verify_packet(packet, signers=keys / "nowhere")
