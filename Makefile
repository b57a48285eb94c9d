# Each target works in a fresh clone with nothing but Python 3.11+ and make, and is safe to repeat.

PY := .venv/bin/python
OFFLINE := DJANGO_SETTINGS_MODULE=tests.offline_settings

# Two processes at a time unless told otherwise: each drives workers and servers of its own.
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test lint fmt bench bench-10m base dev

help: ## Show this list
	@echo "Atelier. Commands:"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-14s %s\n", $$1, $$2 }'

run: base ## Start everything for a trial on http://localhost:8000 (PORT=... for another port)
	@$(PY) -m config.trial

test: dev ## Run every test (ARGS=... is handed to pytest)
	@chromium=$$($(PY) -m tests.chromium) && CHROMIUM="$$chromium" $(PY) -m pytest -n $(JOBS) --dist worksteal $(ARGS)

lint: dev ## Check style, types, the rooms' arrows, templates and migrations
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -c "from importlinter.cli import lint_imports_command as lint; lint()"
	$(PY) -m djlint templates --check --lint
	$(OFFLINE) $(PY) manage.py makemigrations --check --dry-run
	$(OFFLINE) $(PY) manage.py check --fail-level WARNING

fmt: dev ## Put Python and templates into form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .
	-$(PY) -m djlint templates --reformat --quiet

bench: dev ## Measure, one JSON line per figure
	@$(PY) -m tests.bench $(ARGS)

# Two houses on a server of its own under /tmp, the larger one of about 20 GB. ARGS="--runs 200000 1000000" asks for others.
bench-10m: dev ## Measure every page of runs and money at 1 and at 10 million runs (25 GB of disk)
	@$(PY) -m tests.bench.large measure $(ARGS)

base:
	@requirements/install base

dev:
	@requirements/install dev
