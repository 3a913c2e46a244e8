# Two commands matter: `make demo` shows the main job, `make test` runs everything that CI runs.
# Both set up what they need; nothing but Python 3.11+ and make has to be there.

PYTHON ?= python3
FAULTS ?= 2
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

WHEEL := $(CURDIR)/build/wheel

# The suite starts hundreds of processes: each would compile the whole package again where a shell forbids to keep that.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint unit suite wheel site torture explore bench lock generate clean

help:  ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP)  ## Make the virtual environment, with everything pinned

$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

demo: setup  ## The main job, end to end: a report from a file to a verified receipt
	@$(BIN)/tipline demo

test: lint suite  ## Everything that CI runs

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

wheel: setup  ## Build wheel and source distribution into dist, and unpack the wheel for the suite
	rm -rf dist build
	$(BIN)/hatchling build --directory dist
	$(BIN)/python -m zipfile -e dist/*.whl $(WHEEL)
	$(BIN)/python -m compileall -q $(WHEEL)

suite: wheel  ## All tests, of what the wheel installs and not of the tree that it was built from
	$(BIN)/coverage erase
	PYTHONPATH=$(WHEEL) $(BIN)/coverage run -m pytest -n 3 --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

site: setup  ## Build the documentation into build/site, without a network; whatever is remarked on is an error
	$(BIN)/sphinx-build -q -W --keep-going -n -c docs -d build/doctrees . build/site
	@echo "open build/site/index.html"

unit: setup  ## The quick part: no process, no long run
	$(BIN)/pytest tests/unit -n 2

torture: setup  ## Kill dispatchers for three minutes on each outbox, and the database too; every report is filed exactly once
	$(BIN)/python -m tests.torture --outbox sqlite
	$(BIN)/python -m tests.torture --outbox postgresql

explore: setup  ## Walk every path of the dispatchers with up to FAULTS disturbances (2: about an hour)
	$(BIN)/python -m tests.explorer --faults $(FAULTS)

bench: setup  ## Measure; prints tables of ratios
	$(BIN)/python -m benchmarks

generate: setup  ## Write the generated pages and golden files anew
	$(BIN)/python -m docs.generate
	$(BIN)/python -m tests.golden.regenerate

lock: setup  ## Pin the newest versions that fit
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --upgrade --python-version 3.11 --extra cli --extra objects --extra postgres --no-header --no-emit-index-url \
		pyproject.toml requirements/dev.in --output-file requirements/dev.txt

clean:  ## Remove what was made
	rm -rf $(VENV) .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache dist build
