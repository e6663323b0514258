"""Graders of earlier records in the words of this version."""

from __future__ import annotations

from typing import Any


def migrated_grader(old: dict[str, Any]) -> dict[str, Any]:
    """A stored grader as plain data, with `exact` and `numeric` as kinds of `match`; others are given back as they are.

    An `includes` from before the rule of words and denials keeps the plain search that its marks were made by.
    The digest of the cases is that of their data, so it has to be made anew beside this.
    """
    match old.get("kind"):
        case "exact":
            return {**old, "kind": "match", "location": "exact"}
        case "numeric":
            return {**old, "kind": "match", "location": "end", "numeric": True}
        case "includes" if "plain" not in old:
            return {**old, "plain": True}
        case _:
            return old
