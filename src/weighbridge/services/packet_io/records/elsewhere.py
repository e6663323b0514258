"""The JSON files of a packet whose model ran somewhere else: server, rented GPUs, notebook. Never a key or a token."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from weighbridge.domain.base import Record
from weighbridge.domain.proof.events import Connected, Stopped
from weighbridge.domain.proof.remote import KeyUse
from weighbridge.domain.proof.server_fold import ServerFigures
from weighbridge.domain.serving.notebook import NotebookRuntime
from weighbridge.domain.serving.rental import Rental
from weighbridge.domain.serving.target import Target

FORM: Literal[4] = 4
"""Form of the records: files of another one were written by another version, and are checked by that one."""
COST_RULE = (
    "amount = running seconds x price, the seconds and the price as the provider told them; within the cap where the "
    "amount is not above what the person agreed to spend; the stop is proven where the provider says that the job is "
    "over and its endpoint does not answer"
)
WITHHELD = "the account's name and the job's page, whose address names it"

KEY_WORDS: dict[KeyUse, str] = {
    "none": "none was sent",
    "encrypted": "one was sent, over https",
    "near": "one was sent over plain http, within this machine or its private network",
    "unencrypted": "one was sent UNENCRYPTED, over plain http to a public host, as the person agreed",
}
"""What is said of the use of an API key, from the safest on; nothing where it is not recorded."""


class ServerFile(Record):
    """data/server.json: the server that answered in place of a child on this machine. `missing`: why a field is null.

    What it told stands as it told it. The weights that it read were not seen.
    """

    schema_version: Literal[4] = FORM
    target: Target
    connected: Connected | None = Field(description="what it told of itself when the proof began")
    figures: ServerFigures | None = Field(description="what it told while the proof ran")
    stopped: Stopped | None = Field(description="how the proof left it")
    hardware: str | None = Field(description="of a rented one, by the provider's name")
    key: KeyUse = Field(
        default="not recorded", description="how an API key went to it in the jobs of the packet, the least safe way"
    )
    missing: dict[str, str]


class RentalRow(Record):
    """One rented GPU, and what follows from its own record."""

    rental: Rental
    most_usd: float | None = Field(description="price x time limit: the provider ends the job then")
    within_cap: bool | None = Field(description="null: what it has cost is not known")
    proven: bool = Field(description="whether the stop is proven, or no job was ever made")


class RentalsFile(Record):
    """data/rentals.json: every GPU that was rented for the run, from the order to the proof of stop."""

    schema_version: Literal[4] = FORM
    rows: tuple[RentalRow, ...]
    rented_usd: float | None = Field(description="of all of them; null: of one it is not known")
    typed_price: str = Field(description="the person's own price per hour, as typed; empty: none")
    rule: str
    withheld: str


class NotebookFile(Record):
    """data/notebook.json: the runtime of the notebook in which proof and eval ran. `missing`: why a field is null."""

    schema_version: Literal[4] = FORM
    runtime: NotebookRuntime
    was_reset: bool | None = Field(description="whether the boot id at the end is another one than at the start")
    missing: dict[str, str]
