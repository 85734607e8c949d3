# The smartphone-class desk. Needs Python 3.11 or newer and make, nothing else.
PYTHON3 ?= python3
PORT ?= 8000
VENV := .venv
PYTHON := $(VENV)/bin/python
MANAGE := $(PYTHON) manage.py
CATALOGUES := $(wildcard locale/*/LC_MESSAGES/*.po)
# Checks look at the code, never at somebody's data.
NO_DATA := DATABASE_URL=sqlite://:memory:
CHECKS := check-lint check-format check-types check-imports check-templates check-migrations \
	check-translations check-deployment

.DEFAULT_GOAL := help
.PHONY: help setup run fresh test check list-checks $(CHECKS) chaos bench messages format lock

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/installed $(VENV)/translated ## Install everything into .venv (again when the lock changed)

$(VENV)/installed: requirements.txt requirements-dev.txt
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is %d.%d. Name another: make PYTHON3=python3.12" % sys.version_info[:2])'
	@$(PYTHON3) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv is missing (Debian, Ubuntu: apt-get install python3-venv)."; exit 1; }
	@test -x $(PYTHON) || $(PYTHON3) -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-dev.txt
	@mkdir -p data
	@touch $@

$(VENV)/translated: $(VENV)/installed $(CATALOGUES)
	$(NO_DATA) $(MANAGE) catalogue compile
	@touch $@

run: setup ## Start the desk at http://127.0.0.1:8000 with a demo city (PORT=8080 for another port)
	@$(MANAGE) serve --demo --port $(PORT)

fresh: setup ## Build the demo anew, relative to today (FORCE=1 if the database is not a demo)
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) demo --fresh $(if $(FORCE),--force)

test: setup ## Run everything: checks, then the tests on SQLite and on PostgreSQL
	@$(PYTHON) tests/run.py $(ARGS)

check: setup $(CHECKS) ## Lint, types, import contract, templates, migrations, translations, deployment

list-checks:
	@echo $(CHECKS)

check-lint:
	$(VENV)/bin/ruff check .

check-format:
	$(VENV)/bin/ruff format --check .

check-types:
	$(NO_DATA) $(VENV)/bin/mypy

check-imports:
	$(VENV)/bin/lint-imports

check-templates:
	$(VENV)/bin/djlint --lint --quiet templates

check-migrations:
	$(NO_DATA) $(MANAGE) makemigrations --check --dry-run

check-translations:
	$(NO_DATA) $(MANAGE) catalogue check

check-deployment:
	$(NO_DATA) HTTPS=true SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))') $(MANAGE) check --deploy --fail-level WARNING

chaos: setup ## Search long for broken rules and races, on PostgreSQL (CHAOS_EXAMPLES=2000)
	CHAOS_EXAMPLES=$(or $(CHAOS_EXAMPLES),2000) $(PYTHON) tests/postgres.py $(VENV)/bin/pytest -m chaos -n 2 $(ARGS)

bench: setup ## Measure what it costs, one benchmark after the other (an hour; BENCH=rush for one)
	@set -e; for name in $(or $(BENCH),rush search progress draw outbox reminders coming_back); do $(PYTHON) benchmarks/$$name.py; done

messages: setup ## Gather new sentences into the translation catalogues
	$(NO_DATA) $(MANAGE) catalogue update

format: setup ## Format the code
	$(VENV)/bin/ruff check --fix-only --quiet .
	$(VENV)/bin/ruff format --quiet .

lock: $(VENV)/installed ## Pin the packages of requirements*.in, with hashes and no host (UPGRADE=1 for newer ones)
	$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(if $(UPGRADE),--upgrade) requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 $(if $(UPGRADE),--upgrade) requirements-dev.in -o requirements-dev.txt
