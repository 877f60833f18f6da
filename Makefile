# Few words. Each needs only Python >= 3.11 with venv, and make; the first makes .venv from the locked requirements.
#
#   make demo               a living hospital, in this terminal                     (DEMO_FOR=60s ends by itself)
#   make test               every test that this machine can run                    (T=tests/unit picks; REQUIRE=all insists)
#   make test-web-full      the tests of browsers, each screen in both themes and all widths
#   make check              formatting, lint, types, floors, generated docs, tracked files
#   make fmt                put the code into shape
#   make faults             the fault campaign; goes on where it stopped            (SEEDS=10, which is FULL=1)
#   make web                build what browsers run, with Node from PATH or PyPI    (users of a wheel need none)
#   make bench              the benchmarks                                          (W=w1,w2 picks; FULL=1 is the long form)
#   make docs               write the generated parts of docs/
#   make pictures           renew the pictures of docs/ from what the tests of browsers have kept
#   make lock               renew the lock files after a change of pyproject.toml   (UPGRADE=1 moves versions up)
#   make clean              remove .venv and every cache

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-web-full check fmt faults web bench docs pictures lock clean run-venv dev-venv

export PYTHON
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV
BIN := .venv/bin
SEEDS ?= $(if $(FULL),10,1)
T ?=

help:
	@sed -n 's/^#   make/  make/p' Makefile

demo: run-venv
	@tools/web ensure || echo "wardwire: the demo's windows for browsers are not built; all else is there"
	@$(BIN)/wardwire demo

test: dev-venv
	@$(BIN)/python -m pytest -n auto --dist worksteal $(T)

test-web-full: dev-venv
	@WEB_FULL=1 $(BIN)/python -m pytest -n auto --dist worksteal tests/web

check: dev-venv
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m docs.generate --check
	@$(BIN)/python -m tools.web_types --check
	@tools/web check
	@$(BIN)/python -m tools.tracked

fmt: dev-venv
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .
	@tools/web fmt

web:
	@tools/web build

faults: dev-venv
	@$(BIN)/python -m tests.faults.campaign --seeds $(SEEDS)

bench: dev-venv
	@W="$(W)" FULL="$(FULL)" $(BIN)/python -m bench

docs: dev-venv
	@$(BIN)/python -m docs.generate
	@$(BIN)/python -m tools.web_types

pictures: dev-venv
	@$(BIN)/python -m docs.pictures

lock:
	@tools/lock

clean:
	@rm -rf .venv .data web/node_modules web/.node src/wardwire/webapp .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	@find src tests bench docs tools -name __pycache__ -type d -prune -exec rm -rf {} +

run-venv:
	@tools/venv run

dev-venv:
	@tools/venv dev
