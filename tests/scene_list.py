"""Which pictures there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from replay import Hold

from weighbridge.domain.steps import StepId

Story = Literal["", "contended", "compared", "replay", "notebook", "server", "waiting", "load", "renting", "rented"]
"""Other programs, an earlier proof, or the recorded one replayed; a plan for a notebook; a server that answers, sends
the prompt away, or was asked at once; a GPU whose server is on its way, or answers."""


@dataclass(frozen=True)
class Scene:
    """One picture. `hold`: where the running job stands still; None shows the step at its end."""

    name: str
    step: StepId
    size: tuple[int, int] = (80, 24)
    hold: Hold | None = None
    colour: bool = True
    planned: bool = False
    finished: bool = False
    """Whether the step's own evidence is there."""
    hub: bool = False
    """Whether the model comes from the Hub: step 3 with its files open, step 4 with its card."""
    story: Story = ""
    """What else there is to it."""
    keys: tuple[str, ...] = ()
    """Pressed before the picture is taken."""

    @property
    def file(self) -> str:
        return f"{self.name}-{self.size[0]}x{self.size[1]}"


IN_PROOF = Hold("first-run", 52)
SENT_AWAY = Hold("first-run", 0, sent_away=True)
IN_EVAL = Hold("case-gate-01", 2)
SCENES = (
    Scene("01-constraints", "constraints"),
    Scene("02-route", "route"),
    Scene("03-model", "model", finished=True),
    Scene("03-model-hub", "model", hub=True),
    Scene("03-model-hub", "model", hub=True, size=(60, 20)),
    Scene("04-card", "card"),
    Scene("04-card-hub", "card", hub=True),
    Scene("04-card-hub", "card", hub=True, size=(120, 40)),
    Scene("05-runtime", "runtime"),
    Scene("05-runtime-planned", "runtime", planned=True),
    Scene("05-runtime-more", "runtime", keys=("f2",)),
    Scene("05-notebook", "runtime", story="notebook"),
    Scene("05-renting", "runtime", story="renting"),
    Scene("06-proof-running", "proof", hold=IN_PROOF),
    Scene("06-proof-running", "proof", hold=IN_PROOF, size=(60, 20)),
    Scene("06-proof-running", "proof", hold=IN_PROOF, size=(120, 40)),
    Scene("06-proof-running-no-color", "proof", hold=IN_PROOF, colour=False),
    Scene("06-proof-planned", "proof", planned=True),
    Scene("06-proof-done", "proof", finished=True),
    Scene("06-proof-contended", "proof", finished=True, story="contended"),
    Scene("06-proof-compared", "proof", finished=True, story="compared", keys=("f4",)),
    Scene("06-proof-zoomed", "proof", finished=True, keys=("f3",) * 3),
    Scene("06-proof-server", "proof", story="server", hold=IN_PROOF),
    Scene("06-proof-waiting", "proof", story="waiting", hold=SENT_AWAY),
    Scene("06-proof-waiting", "proof", story="waiting", hold=SENT_AWAY, size=(60, 20)),
    Scene("06-proof-rented", "proof", story="rented", hold=IN_PROOF),
    Scene("07-load", "eval", story="load", keys=("f5",)),
    Scene("07-eval-running", "eval", hold=IN_EVAL),
    Scene("07-eval-done", "eval", finished=True),
    Scene("08-decision", "decision"),
    Scene("09-packet", "packet"),
    Scene("09-packet-saved", "packet", finished=True),
    Scene("10-replay", "proof", story="replay"),
    Scene("10-replay", "proof", story="replay", size=(60, 20)),
)
