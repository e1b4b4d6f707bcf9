# Everything a stranger needs, with only Python, pip and make. `make` alone lists the targets.

PYTHON ?= python3
VENV ?= .venv
JOBS ?= auto

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := src tests $(wildcard examples benchmarks conformance publishing)
# One line a step; no colour where the output is not a terminal or NO_COLOR is set.
say = @if [ -t 1 ] && [ -z "$$NO_COLOR" ]; then printf '\033[1;36m▸ %s\033[0m\n' $(1); else printf '▸ %s\n' $(1); fi

.DEFAULT_GOAL := help
.PHONY: help demo test test-failed test-lowest lint format types docs docs-serve bench conformance adopted screenshots lock clean

help:  ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# Stamps: an environment is installed again only when what it is made from has changed.

$(VENV)/.made:
	$(call say,"Making the environment $(VENV) with $$($(PYTHON) --version)")
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/.made
	$(call say,"Installing Trivet")
	@$(PIP) install --constraint constraints.txt --editable '.[admin,email,jobs]'
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.made
	$(call say,"Installing Trivet with what its tests need")
	@$(PIP) install --constraint constraints.txt --editable '.[all,lint,test]'
	@touch $@ $(VENV)/.demo

$(VENV)/.docs: pyproject.toml constraints.txt | $(VENV)/.made
	$(call say,"Installing the documentation builder")
	@$(PIP) install --constraint constraints.txt --editable '.[docs]'
	@touch $@

$(VENV)/.bench: pyproject.toml constraints.txt | $(VENV)/.made
	$(call say,"Installing what the benchmarks need")
	@$(PIP) install --constraint constraints.txt --editable '.[all,bench]'
	@touch $@

# An environment of its own: what FastAPI's tests import would change versions in the shared one.
$(VENV)-conformance/.installed: pyproject.toml constraints.txt conformance/requirements.txt
	$(call say,"Making the environment $(VENV)-conformance for FastAPI's tests")
	@$(PYTHON) -m venv $(VENV)-conformance
	@$(VENV)-conformance/bin/python -m pip --disable-pip-version-check --quiet install \
		--constraint constraints.txt --editable '.[all]'
	@$(VENV)-conformance/bin/python -m pip --disable-pip-version-check --quiet install \
		--requirement conformance/requirements.txt
	@touch $@

screenshots: $(VENV)/.test  ## Take the pictures of the documentation anew
	$(call say,"Taking pictures of the admin")
	@$(BIN)/python -m publishing.screenshots docs/assets/admin

demo: $(VENV)/.demo  ## Start the demo application and print its addresses
	$(call say,"A record shop on SQLite: http://127.0.0.1:8000 leads to all that it has · its admin http://127.0.0.1:8000/admin/ (the password is printed below) · what happens in it http://127.0.0.1:8000/_dev · stop with Ctrl+C")
	@$(BIN)/trivet dev examples/shop.py

test: lint types  ## Lint, check types, run every test
	$(call say,"Running the tests")
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-failed: lint types  ## Run again, one after the other, what failed the last time
	$(call say,"Running what failed again alone")
	@$(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none

lint: $(VENV)/.test  ## Check style and formatting with ruff
	$(call say,"Checking style with ruff")
	@$(BIN)/ruff check $(SOURCES)
	$(call say,"Checking formatting with ruff")
	@$(BIN)/ruff format --check $(SOURCES)

types: $(VENV)/.test  ## Check types with mypy --strict
	$(call say,"Checking types with mypy")
	@$(BIN)/mypy --strict

format: $(VENV)/.test  ## Mend style and formatting where ruff can
	$(call say,"Formatting with ruff")
	@$(BIN)/ruff check --fix $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

test-lowest:  ## Run every test on the lowest versions that pyproject.toml allows
	$(call say,"Installing the lowest allowed versions into $(VENV)-lowest")
	@$(PYTHON) -m venv $(VENV)-lowest
	@$(VENV)-lowest/bin/python -m pip --quiet install uv
	@$(VENV)-lowest/bin/uv pip install --quiet --python $(VENV)-lowest/bin/python \
		--resolution lowest-direct --editable '.[all,test]'
	$(call say,"Running the tests on them")
	@$(VENV)-lowest/bin/python -m pytest -n $(JOBS)

docs: $(VENV)/.docs  ## Build the documentation into site/; a broken link fails
	$(call say,"Building the documentation into site/")
	@$(BIN)/python -m publishing.reference docs/reference/api
	@$(BIN)/python -m publishing.measured docs/reference/measured
	@$(BIN)/zensical build --clean --strict
	$(call say,"Adding llms.txt and each page as Markdown")
	@$(BIN)/python -m publishing.llms_txt

docs-serve: $(VENV)/.docs  ## Show the documentation while writing it
	$(call say,"Serving the documentation; stop with Ctrl+C")
	@$(BIN)/python -m publishing.reference docs/reference/api
	@$(BIN)/python -m publishing.measured docs/reference/measured
	@$(BIN)/zensical serve

bench: $(VENV)/.bench  ## Run the benchmarks
	$(call say,"Running the benchmarks")
	@$(BIN)/python -m benchmarks

conformance: $(VENV)-conformance/.installed  ## Run FastAPI's own tests against the drop-in
	$(call say,"Running FastAPI's own tests against the drop-in")
	@$(VENV)-conformance/bin/python conformance/run.py --no-install

# FastAPI itself besides: the same applications under it, and under Trivet with the class left FastAPI's.
adopted: $(VENV)-conformance/.installed  ## Measure the codemod on FastAPI's documentation
	$(call say,"Running FastAPI's documentation before and after the codemod")
	@$(VENV)-conformance/bin/python -m pip --disable-pip-version-check --quiet install \
		fastapi==0.165.0 strawberry-graphql
	@PYTHONPATH=. $(VENV)-conformance/bin/python conformance/adopted.py --as fastapi

lock: $(VENV)/.made  ## Choose the tested versions again and write constraints.txt
	$(call say,"Resolving every dependency for Python 3.11 and up")
	@$(PIP) install uv
	@$(BIN)/uv pip compile --quiet --universal --upgrade --python-version 3.11 --no-emit-package trivet \
		--extra dev --extra bench --custom-compile-command 'make lock' \
		--output-file constraints.txt pyproject.toml

clean:  ## Remove environments, caches and everything that was built
	$(call say,"Removing environments, caches and built files")
	@rm -rf $(VENV) $(VENV)-lowest $(VENV)-conformance site dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
