"""Random texts that nobody should write: pieces that strain each rule of a card, and damage to good cards."""

from __future__ import annotations

from pathlib import Path
from random import Random

GOOD = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[1] / "card/cards").glob("*.md"))]

PIECES = [
    *("\n", "\n\n", "\r\n", "\r", "\t", " ", "    ", "\u2028", "\x85", "\x0b", "\x0c", "\x1c", "\x00", "\ufeff"),
    *("---\n", "\n---\n", "===\n", "***", "# ", "###### ", "#", "```\n", "~~~~\n", "``", "`", ">", "> > > ", "- "),
    *("[", "]", "![", "](", "[x](y)", "<", "<div>", "</", "<!--", "-->", "<!-- a -->", "<?", "?>", "<![CDATA[", "]]>"),
    *("|", "| a | b |\n|---|---|\n", "| context | 8k |\n", "|---|\n", "**", "__", "*", "_", "**Intended use** ", "\\"),
    *("context length ", "32k", "32,768", "1M context", "9" * 40, "1 000 000", "max_position_embeddings: ", "0.5k"),
    *("# Limitations\n", "## Uses\n", "## License\n", "Uses\n----\n", "- **License:** ", "**Supported languages:** "),
    *("license: ", "license_name: ", "language: no\n", "base_model: a/b\n", "base_model:\n- ", "- x\n", "? ", ": "),
    *("&a ", "*a", "*a,", "<<: *a\n", "!!python/name:os.system ", "!<x> ", "|\n", ">-\n  ", "'", '"', "{", "}", "[[[["),
    *("[More Information Needed]", "\x1b[2J", "\x1b]8;;x\x07", "\x9b31m", "\u202e", "\u2066", "\U000e0041", "\ud800"),
    *(
        "[@click=app.quit]x[/]",
        "[bold",
        "家族👩\u200d👧",
        "é",
        "a\u0301" * 9,
        "\uffff",
        "\U0010ffff",
        "k" * 190 + ": v\n",
    ),
    *("It is not intended for harm. ", "x" * 300, "word " * 60, "TBD", "n/a", "{{ x }}", "%s%n", "../../etc/passwd"),
    *("%YAML 9\n", "1. ", "--- a\n", "...\n"),
]


def grammar(chance: Random) -> str:
    """Nasty pieces in a row, some repeated many times, often behind the start of front matter."""
    parts = ["---\n"] if chance.random() < 0.5 else []
    for _ in range(chance.randint(0, 40)):
        parts.append(chance.choice(PIECES) * (1 if chance.random() < 0.9 else chance.randint(2, 300)))
    return "".join(parts)


def damaged(chance: Random) -> str:
    """A good card with some spans deleted, doubled, moved, cut off or overwritten by nasty pieces."""
    text = chance.choice(GOOD)
    for _ in range(chance.randint(1, 12)):
        start = chance.randint(0, len(text))
        end = min(len(text), start + chance.choice((0, 1, 1, 5, 30, 200)))
        span = text[start:end]
        new = chance.choice(("", span * chance.randint(2, 20), chance.choice(PIECES), chance.choice(PIECES) + span))
        text = text[:start] + new + text[end:]
    return text[: chance.randint(0, len(text))] if chance.random() < 0.1 else text


def noise(chance: Random) -> str:
    """Random characters of all planes, those below U+0100 most often."""
    most = chance.choice((0x7F, 0xFF, 0x2FFF, 0x10FFFF))
    return "".join(chr(chance.randint(0, most)) for _ in range(chance.randint(0, 400)))


def nasty(chance: Random) -> str:
    return chance.choice((grammar, grammar, damaged, damaged, noise))(chance)
