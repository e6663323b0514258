"""Where answers pull against each other: sentences that stand beside the answer and on the decision card."""

from __future__ import annotations

from weighbridge.domain.route.constraints import ConstraintCard

PRIVACY: dict[str, str] = {
    "free_colab": "leave this machine: a free notebook runs on somebody else's computer. Use local_cpu, "
    "or test with made-up documents.",
    "rented_gpu": "leave this machine: rent only what your access rule allows, delete the disk after.",
}

BUDGET = (
    "A rented GPU costs money by the hour and the budget is none: prove the pipeline on local_cpu or free_colab first."
)

API: dict[str, str] = {
    "local_cpu": "A service on a laptop lasts while the laptop is awake; only the pipeline is proven here.",
    "free_colab": "A free notebook may not be a server: only the experiment can be done here, no service.",
}

TUNING: dict[str, str] = {
    "local_cpu": "LoRA needs a GPU route, and a baseline eval that has failed; the baseline can be run here.",
    "free_colab": "LoRA waits for a baseline eval that has failed; a notebook can be reset during training.",
    "rented_gpu": "LoRA waits for a baseline eval that has failed; do not rent for training before that.",
}

LICENCE_GATE: dict[bool, str] = {
    False: "No licence is refused; the step Card still says what it allows.",
    True: "The licence gate asks at the step Card: non-commercial or unknown is refused.",
}
"""What follows from the commercial use that is stated."""

SHUTDOWN = "A rented GPU is billed until it is stopped: write down cost per hour and stop command before the start."
RESET = "A free notebook can be reset at any moment: download results before you leave, and note the reset."


def privacy_caution(card: ConstraintCard) -> str | None:
    """What happens to documents that are not public on a route away from this machine."""
    away = PRIVACY.get(card.available_route)
    if not away or card.privacy == "public":
        return None
    return ("Private documents " if card.privacy == "private_docs" else "Internal inputs ") + away


def budget_caution(card: ConstraintCard) -> str | None:
    rented = card.available_route == "rented_gpu"
    return BUDGET if rented and card.budget_level == "none" else None


def api_caution(card: ConstraintCard) -> str | None:
    return API.get(card.available_route) if card.needs_service_api else None


def tuning_caution(card: ConstraintCard) -> str | None:
    return TUNING[card.available_route] if card.needs_fine_tuning else None


def route_caution(card: ConstraintCard) -> str | None:
    return {"free_colab": RESET, "rented_gpu": SHUTDOWN}.get(card.available_route)


def cautions(card: ConstraintCard, nothing_fits: str | None = None) -> tuple[str, ...]:
    """Every caution for a card, gravest first. `nothing_fits`: which family stands in, and why even that one
    does not fit.
    """
    none = f"No family in the planning table fits. {nothing_fits}" if nothing_fits else None
    found = (
        privacy_caution(card),
        none,
        budget_caution(card),
        api_caution(card),
        tuning_caution(card),
        route_caution(card),
    )
    return tuple(text for text in found if text)
