# One command, `make check`, is what CI runs. Every tool comes from the development group.
UV ?= uv run

.PHONY: check lint types floors test slow inspect export screenshots bench

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

# SkyPilot and dstack are large, and want other versions of the same packages: each reads our exports by itself.
export:
	$(UV) --with skypilot==0.14.1 pytest -m slow tests/export
	$(UV) --with dstack==0.22.5 pytest -m slow tests/export

screenshots:
	$(UV) python tests/scenes.py --update

bench:
	$(UV) python bench/all.py
