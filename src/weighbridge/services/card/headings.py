"""What a heading of a model card promises to speak of, and when the words below it say nothing."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["licence", "languages", "intended_use", "out_of_scope_use", "safety"]

_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "out_of_scope_use",
        re.compile(r"out of scope|\bmis ?use|prohibited|restrict|acceptable use|not intended|unintended|not for$"),
    ),
    (
        "intended_use",
        re.compile(
            r"(?<!not )\bintended|^uses?$|\buse ?cases?\b|\b(direct|downstream|primary|model) uses?$|\bapplications?$"
        ),
    ),
    ("safety", re.compile(r"limitation|caveat|\bbias|\bsafety\b|\brisks?\b|\bethic|\bresponsib|\bharm|disclaimer")),
    (
        "licence",
        re.compile(
            r"^(model )?licen[cs](e|es|ing)( and terms| information| agreement| terms)?$"
            r"|^licen[cs]e\b.*\b(nc|non ?commercial|research)\b|\bnon ?commercial licen[cs]e$"
        ),
    ),
    ("languages", re.compile(r"^(supported )?languages?( s)?( nlp| support| supported)?$")),
)
_PLACEHOLDER = re.compile(
    r"[\[(]?\s*(more information (is )?needed|needs more information|information needed|coming soon|to be (added|done)"
    r"|todo|tbd|tba|n/?a|none( given)?|unknown|[-–—.…]*)\s*[\])]?[.…]*",
    re.IGNORECASE,
)
_TEMPLATE_ADVICE = "more information needed for further recommendations"


def kinds_of(title: str) -> frozenset[Kind]:
    """The fields that a heading names; English headings only, none for any other."""
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", title.casefold()).split()).removesuffix(" optional")
    found = {kind for kind, pattern in _KINDS if pattern.search(words)}
    if "out_of_scope_use" in found and not re.search(r"(?<!not )\bintended", words):
        found.discard("intended_use")
    return frozenset(found)


def is_placeholder(text: str) -> bool:
    """True for what templates leave behind, such as `[More Information Needed]`, and for nothing at all."""
    return _PLACEHOLDER.fullmatch(text.strip()) is not None or _TEMPLATE_ADVICE in text.casefold()
