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
	$(UV) --with inspect-ai==0.3.285 --with jsonschema sh -c 'python -c "import inspect_ai" && pytest -m slow tests/inspect'

# SkyPilot and dstack are large, and want other versions of the same packages: each reads our exports by itself. What cannot
# be imported would be left out in silence.
export:
	$(UV) --with skypilot==0.14.1 sh -c 'python -c "import sky" && pytest -m slow tests/export -k skypilot'
	$(UV) --with dstack==0.22.5 sh -c 'python -c "import dstack" && pytest -m slow tests/export -k dstack'

screenshots:
	$(UV) python tests/scenes.py --update

bench:
	$(UV) python bench/all.py
