PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Servers that tests run against, apart from the libraries of this project.
ENGINES := $(VENV)/engines
ENGINES_STAMP := $(ENGINES)/.installed

# Where the programs of `make go-waypoint` are kept and looked for.
export GO_WAYPOINT ?= $(HOME)/.cache/waypoint-build/go-waypoint-0.11.4

# Tests start hundreds of processes: compiling every module again in each of them would take most of the time.
unexport PYTHONDONTWRITEBYTECODE

# Each takes a few minutes at most.
BENCHES := $(filter-out bench/soak.py bench/server_under_load.py bench/go_programs.py,$(sort $(wildcard bench/*.py)))

.PHONY: demo fuzz test retest lint proto zipapps reproduce go-waypoint bench soak clean

$(STAMP): requirements/dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

$(ENGINES_STAMP): requirements/engines.txt | $(STAMP)
	$(PYTHON) -m venv $(ENGINES)
	$(ENGINES)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/engines.txt
	touch $@

test: $(STAMP) $(ENGINES_STAMP)
	$(BIN)/python -m pytest --numprocesses=3 --dist=loadgroup --durations=20

# Runs what failed last once more, alone: what passes now is a race to mend, what fails again is broken.
retest: $(STAMP) $(ENGINES_STAMP)
	$(BIN)/python -m pytest --numprocesses=1 --dist=loadgroup --last-failed --last-failed-no-failures=none

fuzz: $(STAMP)
	$(BIN)/python tests/fuzz/run.py

# Waits neither for wheels of other Pythons nor for a first build of the standalone entrypoint: the demo has this Python.
demo: $(STAMP)
	$(BIN)/python build_zipapps.py --standalone cached --pythons this --output .cache/demo waypoint
	$(BIN)/python tools/demo.py

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=src $(BIN)/lint-imports

proto: $(STAMP)
	$(BIN)/python tools/generate_proto.py
	PYTHONPATH=src $(BIN)/python tools/generate_entrypoint_codec.py

zipapps: $(STAMP)
	$(BIN)/python build_zipapps.py

# Builds the standalone entrypoints twice, in two folders with nothing to start from, and compares: takes minutes.
reproduce: $(STAMP)
	$(BIN)/python tools/reproduce.py

# Builds the Go Waypoint that tests and benchmarks compare with where it is: takes minutes and 3 GB of Go's caches.
go-waypoint:
	cd tests/interop/gowaypoint && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o $(GO_WAYPOINT)/ \
	  github.com/hashicorp/waypoint/cmd/waypoint github.com/hashicorp/waypoint/cmd/waypoint-entrypoint

bench: zipapps
	for program in $(BENCHES); do echo "== $$program"; PYTHONPATH=src $(BIN)/python $$program || exit 1; done

soak: $(STAMP)
	PYTHONPATH=src $(BIN)/python bench/soak.py

clean:
	rm -rf dist $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache
