# One command, `make check`, is what CI runs. Every tool comes from the development group.
UV ?= uv run

.PHONY: check lint types floors test slow screenshots bench

check: lint types floors test

lint:
	$(UV) ruff check .
	$(UV) ruff format --check .

types:
	$(UV) mypy

floors:
	$(UV) lint-imports

test:
	$(UV) pytest -n auto

slow:
	$(UV) pytest -m slow

screenshots:
	$(UV) python tests/scenes.py --update

bench:
	$(UV) python bench/all.py
