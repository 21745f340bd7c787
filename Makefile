# Everything a reader of this project may want to do. `make` alone lists it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
NEXT   ?= .venv-hydra-next
LOGGERS ?= .venv-loggers
CLUSTER ?= .venv-cluster
SEARCH ?= .venv-search
PEERS  ?= .venv-peers

.DEFAULT_GOAL := help
.PHONY: help setup run reproduce reproduce-full test test-slow stress test-hydra-next test-loggers test-cluster test-search check format lint types layers docs-check docs site bench figures peers clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{split($$1, t, ":"); printf "  make %-15s %s\n", t[1], $$2}'

setup: $(READY) ## make the environment in .venv and install gni in it

# constraints.txt pins the whole environment, so that everybody runs the same versions.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("gni needs Python 3.11 or newer; set PYTHON=" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt 'pip>=25.1' # for --group
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable . --group dev
	@touch $@

run: $(READY) ## train a network with injected noise (a minute or less)
	$(BIN)/gni train dataset=digits noise=mult M=4 network.depth=2
	@printf '\n%s\n' 'To have gni on the PATH of this shell: source $(BIN)/activate' \
		'Then: gni quickstart (a first run of each command), gni doctor (what is here), gni --help'

reproduce: $(READY) ## run and judge the claims of the paper (most of an hour on two cores; again: what is missing)
	$(BIN)/gni reproduce all budget=quick

reproduce-full: $(READY) ## the same, as large as in the paper (weeks on two cores: think of a cluster)
	$(BIN)/gni reproduce all budget=full

# Two workers of one thread each: the suite is made of many short runs, which a second thread does not speed up.
test: $(READY) ## run the tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: $(READY) ## run the tests that take minutes
	$(BIN)/python -m pytest -m slow

# Every call that writes fails once and for ever, and 200 kills; GNI_STRESS_SEED takes other moments.
stress: $(READY) ## kill runs and make their disk fail, at every moment (half an hour)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow -s tests/engine/test_birth.py tests/e2e/test_stress.py

# Hydra's next version in an environment of its own, which sees all else of $(VENV): no second torch.
HYDRA_NEXT := hydra-core==1.4.0rc3 omegaconf==2.4.1rc1
$(NEXT)/.ready: $(READY)
	$(BIN)/python -m venv $(NEXT)
	$(BIN)/python tests/layered_environment.py $(NEXT)
	$(NEXT)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps $(HYDRA_NEXT)
	@touch $@

test-hydra-next: $(READY) ## run the tests of the command line with the next version of Hydra
	@if $(MAKE) --no-print-directory $(NEXT)/.ready; then \
		OMP_NUM_THREADS=1 $(NEXT)/bin/python -m pytest -n 2 --dist worksteal $(HYDRA_NEXT_TESTS); \
	else \
		echo "***** NOT TESTED: $(HYDRA_NEXT) cannot be installed here *****" >&2; \
	fi

HYDRA_NEXT_TESTS := $(addprefix tests/launch/test_,components.py compositions.py typed_experiments.py hydra_versions.py launching.py strangers.py)

# The packages of `logger=` and of exports in an environment of their own, which sees all else of $(VENV).
$(LOGGERS)/.ready: $(READY)
	$(BIN)/python -m venv $(LOGGERS)
	$(BIN)/python tests/layered_environment.py $(LOGGERS)
	$(LOGGERS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[tensorboard,mlflow,wandb,parquet]'
	@touch $@

test-loggers: $(LOGGERS)/.ready ## run the tests of logger= and of exports with the real packages, none skipped
	GNI_TEST_LOGGERS=1 $(LOGGERS)/bin/python -m pytest tests/engine/test_logger_packages.py tests/engine/test_run_export.py

# submitit and ray in an environment of their own as well; Slurm itself is of the system (tests/cluster/run.sh).
$(CLUSTER)/.ready: $(READY)
	$(BIN)/python -m venv $(CLUSTER)
	$(BIN)/python tests/layered_environment.py $(CLUSTER)
	$(CLUSTER)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[slurm,ray]'
	@touch $@

test-cluster: $(READY) ## run the tests with a real Slurm and a real Ray (as root where Slurm is to be installed)
	@if $(MAKE) --no-print-directory $(CLUSTER)/.ready; then \
		tests/cluster/run.sh $(CLUSTER); \
	else \
		echo "***** NOT TESTED: submitit and ray cannot be installed here *****" >&2; \
	fi

# The same for Optuna.
$(SEARCH)/.ready: $(READY)
	$(BIN)/python -m venv $(SEARCH)
	$(BIN)/python tests/layered_environment.py $(SEARCH)
	$(SEARCH)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[optuna]'
	@touch $@

test-search: $(SEARCH)/.ready ## run the tests of hydra/sweeper=optuna with the real package, none skipped
	GNI_TEST_SEARCH=1 $(SEARCH)/bin/python -m pytest tests/launch/test_search.py

check: format lint types layers docs-check site test test-hydra-next ## all that a change must pass

format: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

layers: $(READY)
	$(BIN)/lint-imports

docs-check: $(READY)
	$(BIN)/python -m pytest tests/docs

# Warnings are errors: a link, a heading or a docstring that breaks is seen here.
site: $(READY) ## build the pages of docs/ as a site in build/site, with the figures of their commands
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/site

docs: $(READY) ## renew what is generated in docs/
	$(BIN)/python -m gnicli.cli.reference docs/reference.md
	$(BIN)/python docs/make_paper_map.py
	$(BIN)/python docs/make_verdicts.py
	$(BIN)/python docs/make_peers.py

bench: $(READY) ## time the training step, the start-up, the data sets, sweeps and listings (minutes; an idle machine)
	$(BIN)/python benchmarks/train_step.py
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/inject.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/runs.py

figures: $(READY) ## make the figure of the README again (some minutes)
	$(BIN)/python docs/make_figures.py

# The packages that the stable law is compared with, in an environment of their own; no dependencies of gni.
$(PEERS)/.ready: $(READY)
	$(BIN)/python -m venv $(PEERS)
	$(BIN)/python tests/layered_environment.py $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt levy-stable==2.0.0 aub-htp==1.1.1
	@touch $@

peers: $(PEERS)/.ready ## measure gni's stable law beside other packages, and make docs/peers.md (an hour; TABLES=FOLDER)
	$(PEERS)/bin/python benchmarks/peers.py $(if $(TABLES),--tables $(TABLES))
	$(BIN)/python docs/make_peers.py

clean: ## remove the environment and caches; run folders stay
	rm -rf $(VENV) $(NEXT) $(LOGGERS) $(CLUSTER) $(SEARCH) $(PEERS) build docs/_build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
