# make demo   sets up and shows a phone ring        make test   sets up and runs the tests
# make lint   format, lint and types                make bench  one table of ratios
# make gate   every mutant must be killed           make wheel  build, install elsewhere and try it
# make prism  install the spec-driven mock from npm that one test runs the suite against

PYTHON ?= python3
VENV ?= .venv
PART ?= 1/1
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo test lint format bench gate wheel prism lock clean

help:
	@sed -n 's/^# //p' Makefile

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

demo: $(READY)
	@$(BIN)/ringback demo

test: $(READY)
	@$(BIN)/python -m pytest

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY)
	@$(BIN)/python -m bench

gate: $(READY)
	@$(BIN)/ringback mutants --gate --part $(PART)

wheel: $(READY)
	@$(BIN)/python tests/wheel.py

prism:
	@npm install --silent --no-fund --no-audit --prefix .prism @stoplight/prism-cli@5

lock:
	uv pip compile --universal --python-version 3.11 --all-extras --quiet --no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade pyproject.toml -o constraints.txt

clean:
	rm -rf $(VENV) .prism build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
