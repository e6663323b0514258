"""The files of the recorded run and of a plan, made once; each test reads its own records from them."""

from __future__ import annotations

import pytest
from report.at_hand import contents_of, files_of, planned, recorded

from weighbridge.services.packet_io.contents import Contents


@pytest.fixture(scope="session")
def recorded_files() -> dict[str, str]:
    return files_of(recorded())


@pytest.fixture(scope="session")
def planned_files() -> dict[str, str]:
    return files_of(planned())


@pytest.fixture
def weighed(recorded_files: dict[str, str]) -> Contents:
    """The records of the recorded run, for this test to change."""
    return contents_of(recorded_files)


@pytest.fixture
def plan(planned_files: dict[str, str]) -> Contents:
    """The records of a plan."""
    return contents_of(planned_files)
