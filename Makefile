# Leafhouse. `make` alone lists everything.
.DEFAULT_GOAL := help
.NOTPARALLEL:
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NOTEBOOK_VENV := .venv-notebook
SAIL_VENV := .venv-sail
SPARK_VENV := .venv-spark
STORAGE_VENV := .venv-storage

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# The nightly job's environment, from the locked and hashed requirements.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Leafhouse needs Python 3.11 or later; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing Leafhouse into $(VENV) (once) …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index \
		--config-settings editable_mode=compat -e .
	@touch $@

# What the tests and the benchmarks need on top.
$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing the development tools into $(VENV) (once) …" >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# The notebooks have an environment of their own: where pandas is there, Arrow imports it in every command.
$(NOTEBOOK_VENV)/.installed: requirements-notebook.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Leafhouse needs Python 3.11 or later; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing the notebooks' environment into $(NOTEBOOK_VENV) (once) …" >&2
	@test -x $(NOTEBOOK_VENV)/bin/python || $(PYTHON) -m venv $(NOTEBOOK_VENV)
	@$(NOTEBOOK_VENV)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-notebook.lock
	@$(NOTEBOOK_VENV)/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index \
		--config-settings editable_mode=compat -e .
	@touch $@

# Sail and Spark have environments of their own: each brings a pyspark, and some hundred megabytes.
$(SAIL_VENV)/.installed $(SPARK_VENV)/.installed: .venv-%/.installed: requirements-%.lock requirements-dev.lock requirements-storage.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Leafhouse needs Python 3.11 or later; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Installing the environment of $* into .venv-$* (once) …" >&2
	@test -x .venv-$*/bin/python || $(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@.venv-$*/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-$*.lock
	@.venv-$*/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-storage.lock
	@.venv-$*/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index \
		--config-settings editable_mode=compat -e .
	@touch $@

# The server of the storage tests needs other versions than the development tools.
$(STORAGE_VENV)/.installed: requirements-storage-test.lock
	@echo "Installing the S3 server of the tests into $(STORAGE_VENV) (once) …" >&2
	@test -x $(STORAGE_VENV)/bin/python || $(PYTHON) -m venv $(STORAGE_VENV)
	@$(STORAGE_VENV)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-storage-test.lock
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## Install what the nightly job needs into .venv

# What a night does not need: a target and a lock of its own each.
.PHONY: mcp
mcp: $(VENV)/.installed ## Install what `leafhouse mcp` needs on top
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-mcp.lock

.PHONY: storage
storage: $(VENV)/.installed ## Install what tells two writers to a landing in a bucket apart on top
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-storage.lock

.PHONY: xlsx
xlsx: $(VENV)/.installed ## Install what exports as XLSX need on top
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-xlsx.lock

# Where no account is configured, the first run takes the invented data of the sandbox.
CONFIGURED := $(filter LEAFLINK_%,$(.VARIABLES))$(wildcard .env leafhouse.toml)
ASK := $(if $(CONFIGURED),,LEAFHOUSE_SANDBOX=1 )

.PHONY: extract
extract: $(VENV)/.installed ## Fetch what is new at LeafLink into data/landing (ARGS="--full" for everything)
	@$(ASK)$(BIN)/leafhouse extract $(ARGS) || { code=$$?; [ $$code -eq 5 ] || exit $$code; }

.PHONY: load
load: $(VENV)/.installed ## Merge, model, audit and publish data/warehouse.duckdb
	@$(BIN)/leafhouse load $(ARGS)

.PHONY: run
run: $(VENV)/.installed ## Extract and load in one go, loading while it extracts
	@$(ASK)$(BIN)/leafhouse run $(ARGS)

.PHONY: status
status: $(VENV)/.installed ## Show what the warehouse holds
	@$(BIN)/leafhouse status $(ARGS)

.PHONY: doctor
doctor: $(VENV)/.installed ## Find out what the key can see, and what to fix
	@$(ASK)$(BIN)/leafhouse doctor $(ARGS)

.PHONY: init
init: $(VENV)/.installed ## Ask for your LeafLink key, try it, and write .env
	@$(BIN)/leafhouse init $(ARGS)

.PHONY: rollback
rollback: $(VENV)/.installed ## List the kept warehouses, or put one back (ARGS=LOAD, or a run's id)
	@$(BIN)/leafhouse rollback $(ARGS)

# Where Python is told to write no compiled files, every process of the tests compiles 500 files anew. A file goes to one
# process, so that what its tests share is made once.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: test
test: lint ## Run all checks and tests (no network, no key)
	@$(PYTEST) $(ARGS)

.PHONY: test-all
test-all: lint $(NOTEBOOK_VENV)/.installed ## Run the long tests as well (a quarter of an hour)
	@$(PYTEST) -m "not registry and not browser and not storage and not engine" $(ARGS)

# What people read and look at: README, docs and notebooks as printed, the exports, the questions of assistants.
READ := tests/docs tests/notebooks tests/dictionary tests/test_wheel.py tests/acceptance/test_assistant.py \
	tests/acceptance/test_export.py

.PHONY: test-docs
test-docs: lint $(NOTEBOOK_VENV)/.installed ## Run all that README, docs and notebooks say (minutes)
	@$(PYTEST) -m long $(READ) $(ARGS)

# One after the other: each installs some hundred packages.
.PHONY: test-orchestrators
test-orchestrators: lint ## Run deploy/ under Airflow, Dagster and a new environment (installs them: minutes, network)
	@$(PYTEST) -n 0 -m registry tests/deploy $(ARGS)

.PHONY: test-storage
test-storage: lint $(STORAGE_VENV)/.installed ## Land in a bucket of a real S3 server, with faults (installs it: network)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-storage.lock
	@$(PYTEST) -n 0 -m storage $(ARGS)

.PHONY: test-browser
test-browser: lint ## Look at the pages in Chromium (apt-get install chromium)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-browser.lock
	@$(BIN)/python -m pytest -m browser $(ARGS)

.PHONY: test-sail
test-sail: $(SAIL_VENV)/.installed $(STORAGE_VENV)/.installed ## Run extraction, models and loads on Sail (installs it: no Java)
	@env -u PYTHONDONTWRITEBYTECODE $(SAIL_VENV)/bin/python -m pytest -m "engine and not long" tests/engines $(ARGS)

.PHONY: test-spark
test-spark: $(SPARK_VENV)/.installed $(STORAGE_VENV)/.installed ## Run the same on Apache Spark (installs it; needs Java 17 or later)
	@env -u PYTHONDONTWRITEBYTECODE $(SPARK_VENV)/bin/python -m pytest -m "engine and not long" tests/engines $(ARGS)

.PHONY: pictures
pictures: $(VENV)/.installed-dev ## Take the pictures of the pages in docs/images anew (needs Chromium)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-browser.lock
	@$(BIN)/python -m tests.browser.pictures

.PHONY: lint
lint: $(VENV)/.installed-dev ## Check style, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: screens
screens: $(VENV)/.installed-dev ## Write docs/screens.md anew: what the commands show on a terminal
	@$(BIN)/python -m tests.docs.screens

.PHONY: docs
docs: $(VENV)/.installed-dev ## Write the generated pages under docs/ anew
	@$(BIN)/python -m pipeline.tools.resources_page
	@$(BIN)/python -m tests.docs.write

.PHONY: gallery
gallery: $(VENV)/.installed-dev ## Write docs/gallery.md and its pictures anew, from the notebooks on invented data
	@$(BIN)/python -m tests.docs.gallery

.PHONY: bench
bench: $(VENV)/.installed-dev ## Measure extract and load against a plain script
	@$(BIN)/python -m bench.nightly $(ARGS)

.PHONY: notebook
notebook: $(NOTEBOOK_VENV)/.installed ## Open the notebooks on the published warehouse
	@$(NOTEBOOK_VENV)/bin/jupyter lab notebooks

COMPILE := uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 pyproject.toml

.PHONY: lock
lock: ## Renew the locked requirements (needs uv)
	$(COMPILE) --extra build -o requirements.lock
	$(COMPILE) --extra mcp -c requirements.lock -o requirements-mcp.lock
	$(COMPILE) --extra xlsx -c requirements.lock -o requirements-xlsx.lock
	$(COMPILE) --extra dev -c requirements.lock -c requirements-mcp.lock -c requirements-xlsx.lock -o requirements-dev.lock
	$(COMPILE) --extra storage -c requirements.lock -o requirements-storage.lock
	$(COMPILE) --extra storage-test -c requirements.lock -o requirements-storage-test.lock
	$(COMPILE) --extra browser -c requirements-dev.lock -o requirements-browser.lock
	$(COMPILE) --extra sail -c requirements-dev.lock -o requirements-sail.lock
	$(COMPILE) --extra spark -c requirements-dev.lock -o requirements-spark.lock
	$(COMPILE) --extra notebook -c requirements-dev.lock -o requirements-notebook.lock

.PHONY: clean
clean: ## Remove the environment and caches (the data stays)
	rm -rf $(VENV) $(NOTEBOOK_VENV) $(STORAGE_VENV) $(SAIL_VENV) $(SPARK_VENV) .mypy_cache .ruff_cache .pytest_cache *.egg-info
