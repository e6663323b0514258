"""The card as lines: what they are, where they break, and which row shows which."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from weighbridge.tui.hub_query import query_of
from weighbridge.tui.widgets.figures import count
from weighbridge.tui.words.card_lines import Kind, Rows, kinds, parted, pieces, shown

CARD = """---
license: mit
---
# Title
```sh
# no heading
~~~
```
> quoted
- item
| a | b |
#hashtag
"""


def test_lines_are_what_they_look_like_and_fences_hide_headings() -> None:
    expected: list[Kind] = ["front"] * 3
    expected += ["heading", "code", "code", "code", "code", "quote", "list", "table", "text", "text"]
    assert kinds(parted(CARD)) == expected


def test_front_matter_without_an_end_is_text() -> None:
    assert kinds(parted("---\nlicense: mit")) == ["text", "text"]


@pytest.mark.parametrize("width", [10, 24, 57])
@pytest.mark.parametrize(
    "line",
    [
        "one two three four five six seven eight nine ten eleven twelve",
        "https://example.org/" + "a" * 90,
        "日本語の文章がここに長く続いていて、折り返しが必要になるはずです" * 2,
        "- an item that is long enough to be wrapped more than once, surely",
        "      deep " + "word " * 20,
        "🙂" * 40 + " end",
        " " * 80,
        "",
    ],
)
def test_no_row_is_wider_than_the_screen_and_no_word_is_lost(line: str, width: int) -> None:
    kind = kinds([line])[0]
    rows = pieces(shown(line), kind, width)
    assert rows and all(cell_len(row) <= width for row in rows)
    assert "".join("".join(rows).split()) == "".join(line.split())


def test_rows_and_lines_find_each_other() -> None:
    lines = ["short", "word " * 10, "日" * 20, "end"]
    rows = Rows(lines, kinds(lines), 12)
    for line in range(len(lines)):
        assert rows.at(rows.start(line)) == (line, 0)
    assert rows.at(rows.total - 1) == (3, 0)


def test_limits_among_the_words_of_a_search() -> None:
    query = query_of("qwen size:1.5b license:MIT gated:no sort:updated")
    assert (query.words, query.max_params, query.licence) == ("qwen", 1_500_000_000, "mit")
    assert query.gated is False and query.sort == "last_modified"
    again = query_of("other size:any", query)
    assert again.max_params is None and again.licence == "mit", "a limit that is not typed stays"


@pytest.mark.parametrize(("value", "words"), [(None, "–"), (0, "0"), (999_999, "1M"), (12_345, "12.3k")])
def test_counts_are_short(value: int | None, words: str) -> None:
    assert count(value) == words
