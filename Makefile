# `make run` and `make test` set up whatever is missing. `make help` lists the rest.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# Tests to run, for `make t=tests/kernel test-one`.
t ?= tests

# What one process has compiled the next begins with, whatever the machine says: a hundred are started here.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-packages setup-dev setup-browser run test fast test-one unit e2e lint fmt types imports \
	templates migrations database seed bench lock clean

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name what; \
	do printf '  make %-12s %s\n' "$$name" "$$what"; done

setup: ## Virtual environment, packages, browser assets (done by the others when needed)
	@command -v $(PYTHON) >/dev/null || { echo "CCX needs Python 3.11: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) ccx/bootstrap.py --venv $(VENV)

setup-packages:
	@command -v $(PYTHON) >/dev/null || { echo "CCX needs Python 3.11: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) ccx/bootstrap.py --venv $(VENV) --dev --packages

setup-dev: setup-packages
	@$(PYTHON) ccx/bootstrap.py --venv $(VENV) --dev

setup-browser: setup-dev
	@$(PYTHON) ccx/bootstrap.py --venv $(VENV) --dev --browser

run: setup ## Start everything: servers, web, sockets, worker, scheduler; Ctrl-C stops it
	@exec $(PY) -m ccx.supervisor

# What CI runs, word for word; in this order, so that the cheap refusals come first. What the browser needs is fetched
# beside them.
test: setup-packages ## Everything CI runs: imports, lint, templates, types, migrations, unit and browser tests
	@$(MAKE) --no-print-directory -j3 VENV=$(VENV) imports lint setup-browser types database templates migrations
	$(PY) -m pytest -q $(t)

fast: setup-dev ## What takes moments, for the inner loop: unit tests without the long ones
	$(PY) -m pytest -q -m "not long" $(t)

unit: setup-dev ## Everything without a browser
	$(PY) -m pytest -q -m "not e2e" $(t)

test-one: setup-dev ## One file or folder, in one process: make test-one t=tests/kernel
	$(PY) -m pytest -n0 $(t)

e2e: setup-browser ## Browser tests
	$(PY) -m pytest -q -m e2e $(patsubst tests,tests/e2e,$(t))

lint: setup-packages ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

templates: setup-packages ## djlint
	@if [ -d templates ]; then $(BIN)/djlint --quiet --lint templates; fi

fmt: setup-dev ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup-packages ## mypy --strict
	$(BIN)/mypy

imports: setup-packages ## Import contracts
	$(BIN)/lint-imports --no-logo

database: setup-packages ## The database that tests copy
	$(PY) -m tests.databases

migrations: setup-packages ## Models and migrations agree
	$(PY) manage.py makemigrations --check --dry-run --settings ccx.settings.test

seed: setup ## Fill the running installation with the demonstration centre, if it is empty
	$(PY) manage.py seed_demo --if-empty

bench: setup-dev ## One JSON line a figure
	$(PY) -m benchmarks

lock: setup-dev ## Make the lock files from requirements*.in
	$(BIN)/pip-compile -q --generate-hashes --no-emit-find-links --no-emit-index-url --no-emit-trusted-host --strip-extras -o requirements.txt requirements.in
	$(BIN)/pip-compile -q --allow-unsafe --generate-hashes --no-emit-find-links --no-emit-index-url --no-emit-trusted-host --strip-extras -o requirements-dev.txt requirements-dev.in

clean: ## Remove what can be made again; data under var/ stays
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
