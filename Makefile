# Every target works from a bare Debian or Ubuntu machine with git and make; docs/setup.md tells what is installed.

PORT ?= 8000
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint bench lock

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: ## Everything from a bare machine to the map at http://127.0.0.1:8000 (PORT=8001 for another port)
	@PORT='$(PORT)' bash scripts/setup.sh run
	@exec .venv/bin/lianfang demo --port '$(PORT)' $(ARGS)

test: ## Everything from a bare machine to a passed test suite (ARGS='-k gaps' for a part)
	@bash scripts/setup.sh test
	@exec .venv/bin/python -m pytest -v -n auto --maxprocesses 4 --dist loadfile --durations=10 $(ARGS)

lint: ## Style, format and types: ruff and mypy
	@bash scripts/setup.sh lint
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

bench: ## Speeds as ratios taken side by side, also written to bench/results.json
	@bash scripts/setup.sh bench
	@exec .venv/bin/python -m bench $(ARGS)

lock: ## Compile requirements/*.in into the hash-pinned lock files (ARGS=--upgrade for newer versions)
	@bash scripts/lock.sh $(ARGS)
