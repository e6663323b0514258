"""An export as text, and where it goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from weighbridge.domain.problems import BadInput
from weighbridge.domain.text import clean_line
from weighbridge.services.atomic import disk_problem


def yaml_text(notes: list[str], task: dict[str, Any]) -> str:
    """YAML with comments above it. Every text of the task is quoted by the library where YAML asks for it."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Scripts stand as blocks, line by line."""

    def script(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)

    Dumper.add_representer(str, script)
    head = "".join(_comment(line) for line in notes)
    body = yaml.dump(task, Dumper=Dumper, sort_keys=False, width=1000, allow_unicode=True)
    return f"{head}\n{body}"


def _comment(line: str) -> str:
    """One line that stays one, with its indent."""
    indent = len(line) - len(line.lstrip(" "))
    return f"# {' ' * indent}{clean_line(line, 1000)}".rstrip() + "\n"


def write_new(path: Path, text: str) -> None:
    """A file that was not there. BadInput where it is, OutsideFailed where the disk refuses."""
    shown = clean_line(str(path), 200)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(f"{shown} exists already, and is not overwritten.", "Name another file, or delete it.") from None
    except OSError as error:
        raise disk_problem(path, error) from error
