# One command, `make check`, is what CI runs. Every tool comes from the development group.
UV ?= uv run

.PHONY: check lint types floors test slow inspect screenshots bench

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

# inspect-ai is 139 MB with what it needs: it reads a packet's log here, and nowhere else.
inspect:
	$(UV) --with inspect-ai==0.3.285 --with jsonschema pytest -m slow tests/inspect

screenshots:
	$(UV) python tests/scenes.py --update

bench:
	$(UV) python bench/all.py
