PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8080
WORKSPACE ?= workspace
TYPE ?= classification
WORKERS ?= 2
# A file is one process's, in the order of the folders: by their number of tests, those with few slow ones would come last.
SHARED := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
CHROMIUM ?= /usr/bin/chromium
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo)

LITE_PYTHON ?= $(shell for python in python3.10 python3.8 $(HOME)/.pyenv/versions/3.10.*/bin/python $(HOME)/.pyenv/versions/3.8.*/bin/python; do $$python -c "" 2>/dev/null && echo $$python && break; done)

# Each server and each job that starts would compile the whole package again, a second each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: venv lite demo demo-compress test test-models test-browser browser pictures fuzz lint serve bench docs proto translations zoo clean

venv: .venv/.ready

# The lock first, our package after it: the last one installed owns the name `paddlex` (see README, "The commands").
.venv/.ready: requirements.txt setup.py
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 10) <= sys.version_info[:2] <= (3, 12) else "Python 3.10, 3.11 or 3.12 is needed; name one with: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Paddle-Lite's converter is made for CPython 3.8 and 3.10 only; the server finds it here.
lite: .venv-lite/.ready

.venv-lite/.ready:
	@test -n "$(LITE_PYTHON)" || { echo "CPython 3.8 or 3.10 is needed for Paddle-Lite; name one with: make lite LITE_PYTHON=/path/to/python3.10"; exit 1; }
	@$(LITE_PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] in ((3, 8), (3, 10)) else "CPython 3.8 or 3.10 is needed for Paddle-Lite; name one with: make lite LITE_PYTHON=/path/to/python3.10")'
	$(LITE_PYTHON) -m venv .venv-lite
	.venv-lite/bin/pip install --quiet --disable-pip-version-check -r requirements-lite.txt
	@touch $@

demo: venv
	$(BIN)/python -m paddlex_restful.demo --type $(TYPE)

# Prunes, quantises and converts the demo's model, and compares what comes of it.
demo-compress: venv
	$(BIN)/python -m paddlex_restful.demo --compress --type $(TYPE)

# Those of the jobs by themselves, since they fill the cores or watch how soon things happen.
test: venv lint
	$(BIN)/python -m pytest $(SHARED) --ignore tests/jobs
	$(BIN)/python -m pytest tests/jobs

# Every model on every backbone through all its jobs; make test takes another few of them each day.
test-models: venv
	MODELS=all $(BIN)/python -m pytest -m models tests/models

# Visits the page with Debian's Chromium, which is installed if it is not there; CHROMIUM=/path names another.
test-browser: venv browser
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest -m browser tests/browser

browser:
	@test -x "$(CHROMIUM)" || $(AS_ROOT) sh -c "apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-wqy-microhei"

# Thousands of random requests to every call; make test sends a few hundred.
fuzz: venv
	FUZZ_EXAMPLES=$(or $(EXAMPLES),200) $(BIN)/python -m pytest -s tests/api/test_fuzzed.py

# Takes the pictures of the guide anew, of pages with real data; a few minutes.
pictures: venv browser
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m tests.browser.pictures $(ONLY)

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

serve: venv
	$(BIN)/python -m paddlex_restful --port $(PORT) --workspace_dir $(WORKSPACE)

bench: venv
	$(BIN)/python -m benchmarks

# Writes docs/api.md; a test fails when the committed text is not what this makes.
docs: venv
	$(BIN)/python -m paddlex_restful.api.document > docs/api.md

# Compiles protos/workspace.proto; a test fails when the committed code is not what this makes.
proto: venv
	$(BIN)/python -m grpc_tools.protoc -I protos --python_out=paddlex_restful/workspace --pyi_out=paddlex_restful/workspace protos/workspace.proto

# Puts new texts of the sources into paddlex_restful/translations and compiles them; a test fails when they are not current or lack a translation.
translations: venv
	$(BIN)/python -m paddlex_restful.language.catalogue

# Measures every model, minutes of work, and writes params/zoo.json and the README's table; a test fails when the table is not current.
zoo: venv
	$(BIN)/python -m paddlex_restful.training.measure

clean:
	rm -rf .venv .venv-lite build *.egg-info
