"""One model card, read: what it claims on each field and where, in words that name the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from weighbridge.domain.facts import Claim
from weighbridge.domain.model.card_merge import licence_value, shortened
from weighbridge.domain.model.card_text import readable
from weighbridge.domain.model.hub import CardText, HubRepo
from weighbridge.domain.text import clean_line
from weighbridge.services.card.contexts import MOST, ContextClaim, context_claims
from weighbridge.services.card.front_matter import Entry, FrontMatter, front_matter
from weighbridge.services.card.headings import Kind, is_placeholder
from weighbridge.services.card.plain_words import MAX_TEXT, first_words
from weighbridge.services.card.sections import Outline, Section, outline

MAX_LINES = 150_000
"""Lines of a card that are looked at: more than any person reads, and a bound to the time."""
_NAMED = 3
"""Headings that a source names."""


@dataclass(frozen=True)
class Reading:
    """A repository's card. `of_base`: words that name it where it is not the chosen model's own card, else empty."""

    repo: HubRepo
    card: CardText
    of_base: str = ""

    @cached_property
    def text(self) -> str:
        return readable(self.card.text)

    @cached_property
    def front(self) -> FrontMatter:
        return front_matter(self.text)

    @property
    def unread(self) -> bool:
        """Whether there is metadata that could not be read whole, and the Hub did not read it either."""
        return bool(self.front.damage) and not self.repo.metadata

    @cached_property
    def body(self) -> list[str]:
        return self.text.split("\n", MAX_LINES)[self.offset : MAX_LINES] or [""]

    @property
    def offset(self) -> int:
        """Lines before the body."""
        return self.front.body_line - 1

    @cached_property
    def outline(self) -> Outline:
        return outline(self.body, self.offset)

    @property
    def place(self) -> str:
        return f"card of the base model {self.of_base}" if self.of_base else "model card"

    def named(self, key: str) -> Claim | None:
        """What the metadata says under a key: in the card itself, where it has a line, else as the Hub read it."""
        entry = self.front.entries.get(key)
        if entry is not None:
            return self._written(key, entry)
        values = self._by_the_hub(key)
        if not values:
            return None
        of_base = f" of the base model {self.of_base}" if self.of_base else ""
        return Claim(value=shortened(values), source=f"Hub metadata{of_base}, key {key}", quote=shortened(values))

    def _written(self, key: str, entry: Entry) -> Claim:
        damaged = f" ({self.front.damage})" if self.front.damage else ""
        source = f"{self.place}{',' if self.of_base else ''} metadata{damaged}, key {key}, line {entry.line}"
        written = self.text.split("\n", entry.line + 100)[entry.line - 1 : entry.line + 100]
        quote = clean_line(" ".join(written[: 1 + len(entry.values) * written[0].rstrip().endswith(":")]))
        return Claim(value=shortened(entry.values), source=source, quote=quote, line=entry.line)

    def _by_the_hub(self, key: str) -> tuple[str, ...]:
        value = self.repo.metadata.get(key)
        items = value[:200] if isinstance(value, list) else [value]
        return tuple(line for item in items if isinstance(item, str) and (line := clean_line(item)))

    def values(self, key: str) -> tuple[str, ...]:
        entry: Entry | None = self.front.entries.get(key)
        return entry.values if entry is not None else self._by_the_hub(key)

    def licences(self) -> tuple[Claim, ...]:
        """The metadata's id, with name and link where the id alone says nothing.

        Up to three where the key stands there again with another value: the last of them has all that are left.
        """
        claims = {key: self.named(f"license{key}") for key in ("", "_name", "_link")}
        first = next((claim for claim in claims.values() if claim), None)
        if first is None:
            return ()
        value = licence_value(*(str(claim.value) if claim else "" for claim in claims.values()))
        more = {shortened(entry.values): entry for entry in self.front.licences}
        more.pop(str(first.value), None)
        again = [self._written("license", entry) for entry in list(more.values())[:2]]
        if len(more) > 2:
            again[1] = again[1].model_copy(update={"value": shortened([*more][1:])})
        return (first.model_copy(update={"value": value}), *again)

    def labelled(self, kind: Kind) -> Claim | None:
        """The words of a label or section of that name, for a card whose metadata is silent."""
        for label in self.outline.labels:
            if kind in label.kinds and not is_placeholder(label.text):
                return self._claim(kind, [label], "label")
        return self.said(kind)

    @cached_property
    def _context_claims(self) -> tuple[ContextClaim, ...]:
        return context_claims(self.body, self.offset, self.outline.fenced)

    def contexts(self) -> list[tuple[Claim, int]]:
        """Each with the least number that its words may mean."""
        return [
            (Claim(value=c.value, source=f"{self.place}, line {c.line}", quote=c.quote, line=c.line), c.least)
            for c in self._context_claims
            if c.value
        ]

    @property
    def impossible_context(self) -> str:
        """Words on the first claim of more tokens than any model can have; empty where there is none."""
        line = next((c.line for c in self._context_claims if not c.value), 0)
        return f"the claim of the {self.place}, line {line}, is left out: more than {MOST:,} tokens" if line else ""

    def said(self, kind: Kind) -> Claim | None:
        """The text of all sections that speak of it; None where there are none, or nothing stands in them."""
        full = [s for s in self.outline.sections if kind in s.kinds and not is_placeholder(s.text)]
        return self._claim(kind, full, "heading") if full else None

    def _claim(self, kind: Kind, full: list[Section], what: str) -> Claim:
        named = [section for section in full if not section.inherited] or full
        places = [f"{what} '{section.title}', line {section.line}" for section in named[:_NAMED]]
        more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        text = clean_line(" ".join(section.text for section in full[:20]), MAX_TEXT)
        source = f"{self.place}, {'; '.join(places)}{more}"
        return Claim(value=text, source=source, quote=first_words(full[0].text), line=named[0].line)

    def hollow(self, kinds: Iterable[Kind]) -> Section | None:
        """A heading of one of the kinds with nothing under it."""
        wanted = frozenset(kinds)
        return next((s for s in self.outline.sections if wanted & s.kinds and is_placeholder(s.text)), None)
