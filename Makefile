# Every target sets up its own environment; CI calls these too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPLIT := --split data/split.json

.PHONY: demo test check train data-card bench clean

demo: $(READY)
	$(BIN)/scamtext classify --table data/samples/*
	$(BIN)/scamtext check --colour "$$(cat data/samples/can_tho.txt)"

test: $(READY)
	$(BIN)/pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The shipped model: trained, measured on authors left out and on the frozen test, card written.
train: $(READY)
	$(BIN)/scamtext train data/transcripts $(SPLIT) -o models/vi
	$(BIN)/scamtext evaluate data/transcripts $(SPLIT) --part train --left-out --model models/vi --card "authors left out"
	$(BIN)/scamtext evaluate data/transcripts $(SPLIT) --part test --model models/vi --card "frozen test"

# The data card: counts, agreement, spoil checks and learning curve, all measured here.
data-card: $(READY)
	$(BIN)/python data/make_card.py

bench: $(READY)
	$(BIN)/python benchmarks/throughput.py

clean:
	rm -rf $(VENV) build dist

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $(READY)
