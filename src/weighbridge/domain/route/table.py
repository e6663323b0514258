"""The planning tables: model families, routes, runtimes and situations. They are no benchmark."""

from __future__ import annotations

import shlex
from typing import Annotated, Self

from pydantic import Field, model_validator

from weighbridge.domain.base import Record
from weighbridge.domain.route.constraints import Budget, RouteName

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]
GIB = 1024**3


class Family(Record):
    """One row of the families table; its smallest member stands for what the family needs at least."""

    id: Id
    name: Text
    rank: int = 100
    """Order in which fitting families are tried, low first. An order of planning, not of quality."""
    routes: tuple[RouteName, ...]
    runtimes: tuple[Id, ...] = Field(min_length=1)
    smallest: Text
    """The smallest member, by name."""
    smallest_params_b: float = Field(gt=0)
    """Parameters of the smallest member, in units of 10^9."""
    bytes_per_param: float = Field(gt=0, le=8)
    """Bytes per parameter of its build of about four bits, higher-precision tensors included."""
    overhead_gib: float = Field(ge=0)
    """KV cache, compute buffers and process at a short context, in GiB."""
    serves_api: bool
    """Whether the table promises a service with a documented API on a rented GPU."""
    api_note: str = ""
    route_note: str = ""
    budget_floor: Budget
    """Least budget level for a rented GPU that takes it."""
    examples: tuple[Text, ...] = Field(min_length=1)
    licence: Text
    note: Text = "Check the official model card before a download."

    @property
    def memory_bytes(self) -> int:
        """smallest_params_b x 10^9 x bytes_per_param + overhead_gib: an estimate for planning, in bytes."""
        return round(self.smallest_params_b * 1e9 * self.bytes_per_param + self.overhead_gib * GIB)


class LessonRow(Record):
    """A row of the lesson's own table, word for word, and the families of ours that it stands for."""

    family: Text
    fit: tuple[Text, ...]
    runtime: Text
    members: tuple[Id, ...]


class Command(Record):
    """One thing to type on a route that weighbridge does not drive; {repo}, {revision}, {n_ctx}, {file} are gaps."""

    title: Text
    text: Annotated[str, Field(min_length=1, max_length=2000)]

    def filled(self, repo: str, revision: str, n_ctx: int, file: str = "") -> str:
        """The command for one model, quoted for a POSIX shell.

        What is not known yet (an empty text) stays a visible gap: REPOSITORY, REVISION. Without a file's name the
        whole repository is meant, and {file} is empty.
        """
        values = {
            "{repo}": shlex.quote(repo) if repo else "REPOSITORY",
            "{revision}": shlex.quote(revision) if revision else "REVISION",
            "{n_ctx}": str(n_ctx),
            "{file}": f"{shlex.quote(file)} " if file else "",
        }
        text = self.text
        for gap, value in values.items():
            text = text.replace(gap, value)
        return text


class RouteRow(Record):
    """One route: its goal in the lesson's words, what it owes beside the six lines, what to type."""

    id: RouteName
    name: Text
    goal: Text
    evidence: tuple[Text, ...] = ()
    """Owed on this route beside the six lines."""
    lesson_evidence: tuple[Text, ...] = ()
    """Those of them that the lesson's format prints too."""
    runtime_order: tuple[Id, ...] = Field(min_length=1)
    """Runtimes to suggest, best first."""
    command: tuple[Command, ...] = ()


class RuntimeRow(Record):
    """One way to run a model, with what it needs."""

    id: Id
    name: Text
    needs: Text
    routes: tuple[RouteName, ...] = Field(min_length=1)
    serves_api: bool
    elsewhere: Text
    """Why it is not for the routes that are left out."""
    api_note: Text


class Situation(Record):
    """A row of the lesson's table of situations: first route, first target, evidence to stop at."""

    id: Id
    name: Text
    first_route: Text
    first_target: Text
    stop_evidence: tuple[Text, ...] = Field(min_length=1)


class FamiliesFile(Record):
    """data/families.toml."""

    family: tuple[Family, ...] = Field(min_length=1)
    lesson: tuple[LessonRow, ...] = Field(min_length=1)


class OwnFamilies(Record):
    """A person's own families file: each row adds a family, or replaces the one with its id."""

    family: tuple[Family, ...] = Field(min_length=1)


class RoutesFile(Record):
    """data/routes.toml."""

    evidence: tuple[Text, ...] = Field(min_length=1)
    route: tuple[RouteRow, ...]
    runtime: tuple[RuntimeRow, ...]
    situation: tuple[Situation, ...]


class Tables(Record):
    """All tables together, with their references checked."""

    families: tuple[Family, ...] = Field(min_length=1)
    lesson: tuple[LessonRow, ...]
    evidence: tuple[Text, ...]
    """The six lines of the least run packet."""
    routes: tuple[RouteRow, ...]
    runtimes: tuple[RuntimeRow, ...]
    situations: tuple[Situation, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        ids: dict[str, list[str]] = {
            "family": [row.id for row in self.families],
            "route": [row.id for row in self.routes],
            "runtime": [row.id for row in self.runtimes],
            "situation": [row.id for row in self.situations],
        }
        for what, names in ids.items():
            if twice := [name for name in names if names.count(name) > 1]:
                raise ValueError(f"{what} {twice[0]!r} stands in the tables twice")
        known = ids["runtime"]
        for family in self.families:
            if wrong := [name for name in family.runtimes if name not in known]:
                raise ValueError(
                    f"family {family.id!r} names an unknown runtime {wrong[0]!r}; allowed: {', '.join(known)}"
                )
        return self

    def route(self, name: RouteName) -> RouteRow:
        """The row of one route; the built-in tables hold all three."""
        return next(row for row in self.routes if row.id == name)

    def ranked(self) -> tuple[Family, ...]:
        """The families in the order in which they are tried: by rank, then as written."""
        return tuple(sorted(self.families, key=lambda family: family.rank))
