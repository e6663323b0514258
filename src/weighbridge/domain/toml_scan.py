"""Where the keys of a TOML text stand: tomllib gives values without lines.

Reads text that tomllib has accepted; for other text the result is merely incomplete.
"""

from __future__ import annotations

import re

Path = tuple[int | str, ...]

_SKIP = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_SPACE = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(
    r'"""(?:[^\\"]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key path; elements of arrays and array tables have integer parts (from 0).

    Raises RecursionError for values nested hundreds deep.
    """
    scan = _Scan(text)
    scan.document()
    return scan.lines


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}
        self._counted = (0, 1)

    def document(self) -> None:
        table: Path = ()
        while self._skip() < len(self.text):
            before = self.at
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
            if self.at == before:
                return

    def _skip(self) -> int:
        self.at = self._end(_SKIP)
        return self.at

    def _end(self, what: re.Pattern[str]) -> int:
        found = what.match(self.text, self.at)
        return found.end() if found else self.at

    def _line(self, at: int) -> int:
        """The line of an offset; offsets are asked in rising order, so each character is counted once."""
        done, line = self._counted
        line += self.text.count("\n", done, at)
        self._counted = (at, line)
        return line

    def _mark(self, path: Path, line: int) -> None:
        """Notes a path and, where it is the first mention, the tables around it."""
        for size in range(1, len(path) + 1):
            self.lines.setdefault(path[:size], line)

    def _header(self) -> Path:
        line = self._line(self.at)
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        *parents, last = self._key() or ("",)
        path: Path = ()
        for part in parents:
            path = self._inside((*path, part))
        path = (*path, last)
        if many:
            self.counts[path] = self.counts.get(path, -1) + 1
        path = self._inside(path)
        self._mark(path, line)
        self.at += len("]]") if many else len("]")
        return path

    def _inside(self, path: Path) -> Path:
        """The path itself, or its last element where it is an array of tables."""
        return (*path, self.counts[path]) if path in self.counts else path

    def _key(self) -> tuple[str, ...]:
        """A dotted key at the current place, which then stands behind it and its spaces."""
        parts = []
        self.at = self._end(_SPACE)
        while True:
            bare, quoted = _BARE.match(self.text, self.at), _STRING.match(self.text, self.at)
            if bare:
                parts.append(bare[0])
            elif quoted:
                parts.append(quoted[0][1:-1])
            self.at = self._end(_BARE if bare else _STRING)
            dot = _DOT.match(self.text, self.at)
            if not dot or not (bare or quoted):
                self.at = self._end(_SPACE)
                return tuple(parts)
            self.at = dot.end()

    def _pair(self, table: Path) -> None:
        line = self._line(self.at)
        key = self._key()
        if not key or not self.text.startswith("=", self.at):
            return
        self._mark((*table, *key), line)
        self.at += 1
        self.at = self._end(_SPACE)
        self._value((*table, *key))

    def _value(self, path: Path) -> None:
        opener = self.text[self.at : self.at + 1]
        if opener not in ("[", "{"):
            self.at = self._end(_STRING if opener in ("'", '"') else _SCALAR)
            return
        self.at += 1
        closer, index = "]" if opener == "[" else "}", 0
        while self._skip() < len(self.text) and not self.text.startswith(closer, self.at):
            before = self.at
            if opener == "{":
                self._pair(path)
            else:
                self.lines[(*path, index)] = self._line(self.at)
                self._value((*path, index))
            index += 1
            if self.at == before:
                return
        self.at += 1
