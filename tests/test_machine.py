"""What the machine offers says nothing of whose machine it is."""

from __future__ import annotations

import getpass
import platform
from pathlib import Path

from weighbridge.services.machine import machine_facts


def test_neither_host_nor_user_is_told(tmp_path: Path) -> None:
    told = machine_facts(tmp_path).model_dump(exclude={"operating_system", "cpu_model"})
    assert platform.node() not in str(told)
    assert getpass.getuser() not in str(told)
