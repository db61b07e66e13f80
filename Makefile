# Needs only python3 (3.11 to 3.13) and make; everything else is installed into .venv.
#
#   make demo                                  the main job on data that comes with scikit-learn
#   make demo DATA=my.csv TARGET=label         the same on your own file
#   make test PYTEST_ARGS="-k encoder"         a part of the tests
#   make help                                  all targets

PYTHON ?= python3
VENV ?= .venv
DATA ?=
TARGET ?=
# The extras that the tests and checks need; EXTRAS=all adds torch (its CPU build) and the others.
EXTRAS ?= plots,parquet,dask
PYTEST_ARGS ?=
# Processes that run tests. One thread each, so that two of them do not fight over two cores.
JOBS ?= 2
BENCH ?= $(sort $(filter-out benchmarks/_%,$(wildcard benchmarks/*.py)))

OLDEST = .venv-oldest
BIN = $(VENV)/bin
PIP_INSTALL = -m pip install -qq --disable-pip-version-check
ONE_THREAD = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
	POLARS_MAX_THREADS=1 RAYON_NUM_THREADS=1
# Slow tests run in CI and in `make test-all`.
WITHOUT_SLOW = $(if $(CI),,-m "not slow")
SPHINX = $(BIN)/python -m sphinx -W --keep-going -q docs

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all test-oldest check format docs doctest bench clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */	/' | expand -t 14

demo: $(VENV)/.demo  ## balance a table, score it with and without augmentation, write demo_output/
	@$(BIN)/python examples/demo.py --output demo_output $(if $(DATA),--data "$(DATA)") $(if $(TARGET),--target "$(TARGET)")

test: $(VENV)/.dev  ## all tests but the slow ones (with CI set: all)
	@$(ONE_THREAD) $(BIN)/python -m pytest -n $(JOBS) $(WITHOUT_SLOW) $(PYTEST_ARGS)

test-all: $(VENV)/.dev  ## all tests
	@$(ONE_THREAD) $(BIN)/python -m pytest -n $(JOBS) $(PYTEST_ARGS)

test-oldest: $(OLDEST)/.tests  ## all tests on the lowest versions that pyproject.toml allows
	@$(ONE_THREAD) $(OLDEST)/bin/python -m pytest -n $(JOBS) -p no:cacheprovider $(PYTEST_ARGS)

check: $(VENV)/.dev  ## format, lint, types, import contracts, doctests, docs
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "Some files are not formatted; 'make format' does it."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory doctest docs

format: $(VENV)/.dev  ## format the code, repair what the linter can repair
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

doctest: $(VENV)/.dev  ## the examples in docstrings and in the user guide
	@$(ONE_THREAD) $(BIN)/python -m pytest -q --doctest-modules --doctest-glob="*.rst" \
		genesis_sampling $(wildcard docs/*.rst) docs/user_guide

docs: $(VENV)/.dev  ## docs/_build/html; warnings are errors
	@$(ONE_THREAD) $(SPHINX) docs/_build/html
	@echo "Docs: docs/_build/html/index.html"

bench: $(VENV)/.dev  ## all benchmarks (one: make bench BENCH=benchmarks/NAME.py); takes long
	@for script in $(BENCH); do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

clean:  ## remove what these targets made
	rm -rf $(VENV) $(OLDEST) demo_output build dist docs/_build docs/api docs/auto_examples \
		docs/sg_execution_times.rst .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# --- set-up: each stamp is younger than the files that it was made from --------------------------

# $(call new_venv,FOLDER,LAST MINOR VERSION OF PYTHON 3)
define new_venv
	@command -v "$(PYTHON)" >/dev/null || { echo "There is no '$(PYTHON)' on this machine; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $(2)))' || { \
		echo "Got $$("$(PYTHON)" --version 2>&1); expected Python 3.11 to 3.$(2). Name another one: make PYTHON=python3.11"; exit 1; }
	@"$(PYTHON)" -m venv --clear $(1) || { rm -rf $(1); \
		echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
endef

$(VENV)/.made:
	$(call new_venv,$(VENV),13)
	@$(BIN)/python $(PIP_INSTALL) --upgrade pip -c constraints.txt
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing genesis-sampling into $(VENV) ..."
	@$(BIN)/python $(PIP_INSTALL) -c constraints.txt --build-constraint constraints.txt -e '.[plots,parquet]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "Installing genesis-sampling with '$(EXTRAS)' and the development tools into $(VENV) (some minutes) ..."
	@$(BIN)/python $(PIP_INSTALL) -c constraints.txt --build-constraint constraints.txt \
		-e '.[$(EXTRAS)]' --group tests --group docs --group dev $(if $(findstring image,$(EXTRAS)),--group image-tests) || { \
		echo "Is it torch that was not found? See 'A CPU build of torch' in docs/install.rst, or leave EXTRAS out."; exit 1; }
	@touch $(VENV)/.demo $@

$(OLDEST)/.made:
	$(call new_venv,$(OLDEST),12)
	@$(OLDEST)/bin/python $(PIP_INSTALL) --upgrade pip -c constraints-oldest.txt
	@touch $@

$(OLDEST)/.tests: $(OLDEST)/.made pyproject.toml constraints-oldest.txt
	@echo "Installing the lowest versions into $(OLDEST) ..."
	@$(OLDEST)/bin/python $(PIP_INSTALL) -c constraints-oldest.txt --build-constraint constraints-oldest.txt \
		-e '.[plots,parquet]' --group tests
	@touch $@
