# `make` alone prints what there is. Needs Python 3.11 or newer with venv, and make.
PYTHON ?= python3
export PYTHON

.PHONY: help
help: ## print this list
	@echo "make …"
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "  %-18s %s\n", $$1, $$2 }'
	@echo
	@echo "Pass more to pytest with ARGS, as in: make test ARGS='-k publish'. Another port: PORT=8001 make run."

.PHONY: run demo
run: ## the product with a demo company on http://127.0.0.1:8000; Ctrl-C stops it
	@bin/install runtime
	@exec .venv/bin/python bin/run

demo: ## load the demo company into the SQLite file in var/, and print its logins
	@bin/install runtime
	@DEMO=1 ENV_FILE= .venv/bin/python manage.py migrate --verbosity=0
	@DEMO=1 ENV_FILE= .venv/bin/python manage.py demo

.PHONY: test test-sqlite test-postgresql e2e long
test: ## the whole suite, on SQLite and on PostgreSQL
	@bin/install dev
	@.venv/bin/python bin/test sqlite postgresql -- $(ARGS)

test-sqlite: ## the suite on SQLite only
	@bin/install dev
	@.venv/bin/python bin/test sqlite -- $(ARGS)

test-postgresql: ## the suite on PostgreSQL only
	@bin/install dev
	@.venv/bin/python bin/test postgresql -- $(ARGS)

e2e: ## a real browser walks the pages (needs Debian's chromium, or CHROMIUM=…)
	@bin/install dev
	@DJANGO_ALLOW_ASYNC_UNSAFE=true .venv/bin/python bin/test sqlite -- -m e2e -n 0 tests/e2e $(ARGS)

long: ## the slow proofs, on PostgreSQL
	@bin/install dev
	@.venv/bin/python bin/test postgresql -- -m long -n 0 $(ARGS)

.PHONY: bench
bench: ## the heavy work at a million rows, measured on PostgreSQL (docs/reference/performance.md)
	@bin/install dev
	@.venv/bin/python bin/bench $(ARGS)

.PHONY: faults
faults: ## kill senders, wipe the broker, crash the database, and count what became of the work (ARGS=--long)
	@bin/install dev
	@.venv/bin/python bin/faults $(ARGS)

.PHONY: check fix
check: ## everything CI demands of the code before it runs the tests
	@bin/install dev
	@.venv/bin/python bin/check

fix: ## let the tools correct what they can
	@bin/install dev
	@.venv/bin/python bin/check --fix

.PHONY: screenshots locks clean
screenshots: ## take the pictures that the README shows
	@bin/install dev
	@.venv/bin/python bin/screenshots

locks: ## resolve the ranges in pyproject.toml into the two lock files
	@bin/locks

clean: ## remove what tools and tests left behind; .venv and the demo's data in var/ stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage* var/test*.sqlite3* var/log
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
