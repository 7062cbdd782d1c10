# Everything installs into .venv; nothing outside this folder is written but pip's cache.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
MADE := $(VENV)/.made
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
ON_ALL_CORES := --numprocesses=auto --dist=loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run setup test test-all check format bench screenshots lock

help: ## this list
	@echo "Spirit Athletics. Two commands are enough: make run, make test."
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

run: $(RUNTIME) ## install, migrate, load a demo gym, serve until Ctrl-C
	@exec $(BIN)/spirit up --demo

setup: $(DEVELOPMENT) ## install everything, tests and benches included, and do nothing else

test: $(DEVELOPMENT) ## all tests on all cores, on SQLite and PostgreSQL, with a browser if there is one (ARGS="-k expiry": some, on one)
	@$(BIN)/python -m tests.support.browser
	@$(BIN)/python -m pytest $(or $(ARGS),$(ON_ALL_CORES))

test-all: $(DEVELOPMENT) ## the same, with the fronts on both databases and the longer searches
	@$(MAKE) --no-print-directory test ARGS="$(or $(ARGS),$(ON_ALL_CORES)) --everything"

# Hundreds of processes start in a run, each of which would compile the gym anew where bytecode is not written.
test test-all: export PYTHONDONTWRITEBYTECODE =

check: $(DEVELOPMENT) ## ruff, mypy --strict, import-linter, no dead code, and locks without addresses
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m tests.support.dead_code
	@! grep -n '://' requirements.lock requirements-dev.lock

format: $(DEVELOPMENT) ## lay the code out
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(DEVELOPMENT) ## measure, and write docs/benchmarks.md (ONLY=races for one part)
	@$(BIN)/python -m tests.bench $(ONLY)

screenshots: $(DEVELOPMENT) ## photograph every page and mail into docs/screenshots (ONLY="log outbox" for some of the console's)
	@$(BIN)/python -m tests.browser.screenshots $(ONLY)

lock: ## pin every dependency again, with hashes (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --output-file requirements.lock pyproject.toml build.in
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --all-extras --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml build.in

# A stamp is newer than what it was made from; make compares the two and installs again when a lock has changed.

$(MADE):
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; this one is $$($(PYTHON) -V). Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(RUNTIME): $(MADE) requirements.lock pyproject.toml
	@echo "Installing into $(VENV) (about 600 MB, once) …"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOPMENT): $(MADE) requirements-dev.lock pyproject.toml
	@echo "Installing into $(VENV), with what tests and benches need …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
