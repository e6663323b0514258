"""What a page of HTML must keep, read with the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

VOID = {"meta", "br", "hr", "img", "link", "input"}
Attributes = dict[str, str]


class Outline(HTMLParser):
    """Elements, headings, ids and texts of a page; `wrong` names what does not hold."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.elements: list[tuple[str, Attributes]] = []
        self.headings: list[tuple[int, str]] = []
        self.pre: list[str] = []
        self.text = ""
        self._open: list[tuple[str, Attributes, list[str]]] = []
        self.feed(text)
        self.close()
        self.wrong += [f"<{tag}> is never closed" for tag, _, _ in self._open]
        self._judge()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if len(known) != len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        if self._open:
            self._open[-1][2].append(tag)
        self.elements.append((tag, known))
        if tag not in VOID:
            self._open.append((tag, known, []))
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            self.headings.append((int(tag[1]), ""))
        if tag == "pre":
            self.pre.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.wrong.append(f"</{tag}> closes {self._open[-1][0] if self._open else 'nothing'}")
            return
        _, known, children = self._open.pop()
        if tag == "svg" and known.get("role") == "img" and children[:2] != ["title", "desc"]:
            self.wrong.append("a picture without title and description")
        if tag == "table" and children[:1] != ["caption"]:
            self.wrong.append("a table without a caption")

    def handle_data(self, data: str) -> None:
        inside = {tag for tag, _, _ in self._open}
        if "style" not in inside:
            self.text += data
        if "pre" in inside:
            self.pre[-1] += data
        if inside & {"h1", "h2", "h3", "h4"}:
            level, said = self.headings[-1]
            self.headings[-1] = (level, said + data)

    def _judge(self) -> None:
        levels = [level for level, _ in self.headings]
        if levels.count(1) != 1 or levels[0] != 1:
            self.wrong.append("not one h1, at the beginning")
        for before, level in pairwise(levels):
            if level > before + 1:
                self.wrong.append(f"h{level} after h{before}")
        ids = [known["id"] for _, known in self.elements if "id" in known]
        self.wrong += [f"two elements have the id {one}" for one in {i for i in ids if ids.count(i) > 1}]
        for tag, known in self.elements:
            if tag == "th" and known.get("scope") not in ("col", "row"):
                self.wrong.append("a table header without a scope")
            named = known.get("aria-labelledby", "").split()
            if known.get("href", "").startswith("#"):
                named.append(known["href"][1:])
            self.wrong += [f"nothing has the id {one}" for one in named if one not in ids]
            self.wrong += [f"<{tag}> has {name}" for name in known if name.startswith("on")]
