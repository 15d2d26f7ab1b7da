# Everything happens in .venv; no command needs another one to have run before.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_DISABLE_TELEMETRY := 1

.PHONY: help demo dev test test-campaign test-fleet test-celery test-slow test-upgrade soak lint audit docs bench clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv resolves by the pins and the date in pyproject.toml, the same on every machine.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --editable . --group dev
	@touch $@

demo: $(VENV)/.installed  ## Run the whole graph on the Graph API sandbox; ends with a report
	$(BIN)/insights demo

dev: $(VENV)/.installed  ## Open the Dagster UI on the same instance (http://127.0.0.1:3000)
	$(BIN)/insights dev

test: $(VENV)/.installed  ## Run the tests (no network, no server started by hand)
	$(BIN)/pytest -m "not slow"

test-campaign: $(VENV)/.installed  ## Run the fault campaign: after each fault, storms of all and a crash, the lake equals the clean one
	$(BIN)/pytest -m slow insights_assets_tests/recovery/test_storm.py \
		insights_assets_tests/recovery/test_crashes.py::test_a_run_that_died_is_finished_by_the_next

test-slow: $(VENV)/.installed  ## Run all slower proofs: the campaign, crashes, kill -9, labelled findings, Postgres, Celery, the UI (needs chromium, redis-server)
	$(BIN)/pytest -m slow

test-fleet: $(VENV)/.installed  ## Run code server, webserver and daemon on Postgres: a backfill, a sensor, a schedule, a run killed and recovered
	$(BIN)/pytest -n 0 -m slow insights_assets_tests/instance/test_fleet.py

test-celery: $(VENV)/.installed  ## Run the fleet on two Celery workers, Postgres and S3, and kill one of them (needs redis-server)
	$(BIN)/pytest -n 0 -m slow insights_assets_tests/instance/test_celery.py

test-upgrade: $(VENV)/.installed  ## Work on one home with this Dagster and OTHER (1.13.26) in turn; both must read the same
	$(BIN)/python -m insights_assets_tests.upgrade.run --other $(or $(OTHER),1.13.26)

soak: $(VENV)/.installed  ## Refresh for 30 minutes in a storm of faults; fail when memory, files, sockets or threads grow
	$(BIN)/python -m insights_assets_tests.soak.run --minutes 30

lint: $(VENV)/.installed  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Exit code 3: no advisory service can be reached, which is said and is no finding.
audit: $(VENV)/.installed  ## Ask for known vulnerabilities of what is installed, and judge its licences
	$(BIN)/python -m audit.licences --check
	$(BIN)/python -m audit.advisories || test $$? -eq 3

docs: $(VENV)/.installed  ## Write the pages that are made from code: errors, alerts, tables, licences
	$(BIN)/python -m insights_assets.graph_api.error_docs
	$(BIN)/python -m insights_assets.automation.alerts.kind_docs
	$(BIN)/python -m insights_assets.tables.table_docs
	$(BIN)/python -m audit.licences

bench: $(VENV)/.installed  ## Measure (figures beside an alternative in the same run)
	@for f in benchmarks/*.py; do echo "== $$f"; $(BIN)/python $$f || exit 1; done

clean:  ## Remove what the commands made (.venv and .insights)
	rm -rf $(VENV) .insights .pytest_cache .mypy_cache .ruff_cache .hypothesis
