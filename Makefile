# Two commands on a fresh machine: make run, make test.
PYTHON ?= python3
BIN := .venv/bin
# make run TORCH_INDEX=https://download.pytorch.org/whl/cpu   takes the CPU build of torch (README)
TORCH_INDEX ?=
TORCH := torch>=2.4,<2.14
QUICK := -m "not slow and not browser" -n 2

.PHONY: run test test-slow check bench model vectors

run: .venv/installed ## index and chat page at http://localhost:8000
	$(BIN)/tanya serve

test: .venv/installed-test ## the default tests
	$(BIN)/pytest $(QUICK)

test-slow: .venv/installed-test ## the others: kill -9, browser, sentence-transformers, model quality
	$(BIN)/pytest -m "slow or browser"

check: .venv/installed-test ## what must be green before a commit
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q $(QUICK)

bench: .venv/installed-test ## the tables in README
	$(BIN)/tanya evaluate --json var/dev.json
	$(BIN)/python -m benchmarks.table var/dev.json
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.encoder
	$(BIN)/python -m benchmarks.incremental
	$(BIN)/python -m benchmarks.reload --memory 10000
	$(BIN)/python -m benchmarks.published
	$(BIN)/python -m benchmarks.journal
	$(BIN)/python -m benchmarks.desk
	$(BIN)/python -m benchmarks.clusters
	$(BIN)/python -m benchmarks.telegram

model: .venv/installed-train ## train the bundled model: make model TRAIN=<folder of training data>
	$(BIN)/python -m index.training $(TRAIN) --evaluation corpus/articles corpus/questions
	$(MAKE) vectors

vectors: .venv/installed ## what ships beside a new model: vectors of the corpus, calibration
	$(BIN)/python -m benchmarks.ship_vectors
	$(BIN)/tanya calibrate --shipped

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(BIN)/pip install --index-url $(TORCH_INDEX) "$(TORCH)")
	$(BIN)/pip install --quiet -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/pip install --quiet -e ".[test]"
	touch $@

.venv/installed-train: .venv/installed
	$(BIN)/pip install --quiet -e ".[train]"
	touch $@
