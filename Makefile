# Anling's commands. `make help` lists them; ARGS="…" passes options on.

VENV ?= .venv
BIN = $(VENV)/bin
ARGS ?=
# Test processes at a time: two suit two cores; more is faster on larger machines.
JOBS ?= 2
export VENV

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-pi bench lint install install-unit clean
.NOTPARALLEL:

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; \
	do printf '  make %-14s %s\n' "$$name" "$$text"; done

demo:  ## a whole branch on this machine: press, answer, watch
	@tools/packages demo
	@tools/venv all
	@$(BIN)/anling demo $(ARGS)

# --dist loadfile: the tests of a file share the branch or browser that it starts. They begin in the
# order of tests/conftest.py, since a long file that begins last is waited for by everybody.
test:  ## everything that is checked in a few minutes
	@tools/packages test
	@tools/venv test
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

test-slow:  ## the tests that take minutes each
	@tools/packages test
	@tools/venv test
	@$(BIN)/python -m pytest -m slow --timeout 1800 $(ARGS) || [ $$? -eq 5 ]

test-pi:  ## boots a virtual Raspberry Pi and presses its buttons
	@tools/packages test-pi
	@tools/venv test
	$(BIN)/python -m pytest -m pi tests/pi --timeout 1800 $(ARGS)

bench:  ## measures Anling beside a bare pipeline
	@tools/packages test
	@tools/venv test
	@$(BIN)/python -m bench $(ARGS)

lint:  ## style and common mistakes
	@tools/venv test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@if command -v shellcheck >/dev/null; then shellcheck tools/* .ci/run; \
	else echo "shellcheck is not installed; the scripts were not looked at"; fi

install:  ## .venv for a gateway with its board: .venv/bin/anling
	@tools/packages install
	@tools/venv all

install-unit:  ## .venv with no more than a unit needs
	@tools/packages install
	@tools/venv unit

clean:  ## takes away what these commands have made here
	rm -rf $(VENV) .cache .pytest_cache .ruff_cache .hypothesis .schemathesis *.egg-info build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find dashboard -name '*.mo' -delete
