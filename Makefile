PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8080
WORKSPACE ?= workspace
TYPE ?= classification

.PHONY: venv demo test test-models lint serve bench docs proto zoo clean

venv: .venv/.ready

# The lock first, our package after it: the last one installed owns the name `paddlex` (see README, "The commands").
.venv/.ready: requirements.txt setup.py
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 10) <= sys.version_info[:2] <= (3, 12) else "Python 3.10, 3.11 or 3.12 is needed; name one with: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: venv
	$(BIN)/python -m paddlex_restful.demo --type $(TYPE)

test: venv lint
	$(BIN)/python -m pytest

# Every model on every backbone through all its jobs; make test takes another few of them each day.
test-models: venv
	MODELS=all $(BIN)/python -m pytest -m models tests/models

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

# Measures every model, minutes of work, and writes params/zoo.json and the README's table; a test fails when the table is not current.
zoo: venv
	$(BIN)/python -m paddlex_restful.training.measure

clean:
	rm -rf .venv build *.egg-info
