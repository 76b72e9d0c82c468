# Everything below sets up what it needs first: a machine with git, make and Python 3.11 to 3.14 is enough.
# PYTHON=/path/to/python chooses the Python; ARGS="..." is handed to the command (make test ARGS="-k replay").

SHELL := /bin/bash
.SILENT:
.DEFAULT_GOAL := help

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,$(shell \
	$(name) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null && echo $(name))))
BIN := .venv/bin
export NPM_CONFIG_UPDATE_NOTIFIER := false
STEP := infra/step
MEMBERS := proto sensors services/kit services/ingest services/flow services/qrguide services/dashboard infra/local
MEMBER_FILES := $(MEMBERS:=/pyproject.toml)
PAGE_ASSETS := services/dashboard/assets/package-lock.json services/dashboard/src/meguri_dashboard/assets.py \
	$(wildcard services/dashboard/src/meguri_dashboard/messages/*/*.yaml services/dashboard/src/meguri_dashboard/templates/*.html) \
	services/qrguide/assets/package-lock.json services/qrguide/src/meguri_qrguide/assets.py \
	$(wildcard services/qrguide/assets/src/*.js)

.PHONY: help demo test bench chaos lint types format set-up test-needs sounds

help:
	echo 'make demo    the whole of Meguri on this machine: two simulated towns, 60 days, then live; Ctrl-C stops it'
	echo 'make test    lint, types and every test'
	echo 'make bench   every figure that the flow has to show, beside others of the same run, in one table'
	echo 'make chaos   CHAOS_ROUNDS (100) rounds in which processes are killed, and the truth is to be found'
	echo 'make lint    ruff, as make test runs it;  make format  lets ruff rewrite'
	echo 'make types   mypy, member by member'
	echo 'make set-up  what all of these do first'
	echo 'make sounds  the texts of the guides that ship, spoken; make demo and make bench do it too'

demo: set-up sounds
	exec $(BIN)/meguri demo $(ARGS)

test: lint types test-needs
	exec $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder $(ARGS)

bench: test-needs sounds
	exec $(BIN)/python tests/bench $(ARGS)

chaos: test-needs
	PYTHONPATH=tests exec $(BIN)/python -m chaos $(ARGS)

lint: set-up
	$(STEP) 'Linting' $(BIN)/ruff check --quiet
	$(STEP) 'Checking the format' $(BIN)/ruff format --check --quiet

format: set-up
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: set-up
	for member in $(MEMBERS); do \
		$(STEP) "Checking the types of $$member" $(BIN)/mypy --no-error-summary $$member/src || exit 1; \
	done

test-needs: set-up
	infra/test-needs

set-up: .venv/.synced .venv/.engines .venv/.pages .venv/.sign-fonts

sounds: .venv/.sounds

# uv's version stands in pyproject.toml; after the first sync uv keeps itself there.
$(BIN)/uv:
	if [ -z '$(PYTHON)' ]; then \
		echo 'Meguri needs Python 3.11 to 3.14 and found none. Name one: make PYTHON=/path/to/python3.13' >&2; \
		exit 1; \
	fi
	infra/virtual-environment '$(PYTHON)'

.venv/.synced: $(BIN)/uv pyproject.toml uv.lock $(MEMBER_FILES)
	$(STEP) 'Installing the locked Python packages' $(BIN)/uv sync --all-packages --locked --compile-bytecode --quiet
	touch $@

# redis-server comes with the locked packages where those have it, else from the system.
.venv/.engines: infra/kafka/jgo.lock.toml .venv/.synced
	$(STEP) "Fetching Kafka and preparing its start" $(BIN)/python -m meguri.fetch_engines
	$(BIN)/python -c 'from meguri.engines.redis import server_binary; server_binary()' 2>/dev/null \
		|| infra/apt-install redis-server
	touch $@

.venv/.pages: $(PAGE_ASSETS) .venv/.synced
	$(STEP) "Building the pages' libraries" $(BIN)/python -m meguri_dashboard.assets
	$(STEP) "Building the guide's scripts" $(BIN)/python -m meguri_qrguide.assets
	touch $@

.venv/.sign-fonts: services/qrguide/sign-fonts/package-lock.json .venv/.synced
	$(STEP) "Fetching the signs' fonts" $(BIN)/python -m meguri_qrguide.signs.fonts
	touch $@

# A text that was spoken before is left alone; a guide whose texts stand unspoken works, and says so.
.venv/.sounds: $(wildcard services/qrguide/src/meguri_qrguide/guides/*/sights/*/*.md) .venv/.synced
	$(STEP) "Speaking the guides' texts" $(BIN)/python -m meguri_qrguide.make_sounds
	touch $@
