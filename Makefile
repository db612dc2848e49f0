# One word per chore. Each sets up what it needs; nothing is done by hand before.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed

# In the order of pyproject's testpaths: left to itself, xdist begins the longest files, which hold few tests, last.
ON_TWO_CORES := --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test coverage lint format docs docker-steps clean

demo: $(READY)            ## predict the example regions with the bundled model
	$(BIN)/genint predict example_data/genome.fa example_data/regions.bed -o predictions

test: $(READY)            ## run the tests, file by file on two cores
	$(BIN)/python -m pytest $(ON_TWO_CORES) --durations=10

coverage: $(READY)        ## the same, with the lines that no test reaches; slower
	$(BIN)/python -m pytest $(ON_TWO_CORES) --cov --cov-report=term-missing:skip-covered --cov-fail-under=95

lint: $(READY)            ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)          ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)            ## build docs/ as a site, build/site/index.html
	$(BIN)/properdocs build --strict -f mkdocs.yml

docker-steps:             ## do what the Dockerfile says, without Docker, in a folder that is made and removed
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && $(PYTHON) packaging/docker_steps.py "$$folder/image"

clean:                    ## remove everything that these commands made
	rm -rf $(VENV) predictions build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Without bytecode of every file, which takes nearly as long as all else: Python compiles what it imports.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	touch $@
