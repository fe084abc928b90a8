# Every target sets up its own environment; CI calls these too.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The Spark tests run with EXTRAS=dev,spark (a download of 400 MB), and say so where they do not.
EXTRAS ?= dev
SPLIT := --split data/split.json

# The newest Python that is here, and the tests that tell whether other versions of the libraries do.
NEWEST ?= $(shell command -v python3.13 || command -v $(PYTHON))
TOLD := $(patsubst %,tests/test_%.py,cases cli exports model monitor readers scorer segment store text tokens)
# The shipped heads are read by another scikit-learn there, which says so.
TOOLS := pytest hypothesis matplotlib
OTHERS := pytest -W ignore::scamtext.ModelWarning $(TOLD)

.PHONY: demo test test-all docs test-minimum test-newest check train pin gate data-card notebooks ablation bench bench-feedback \
  bench-batch bench-length bench-memory fuzz mutation clean

demo: $(READY)
	$(BIN)/scamtext classify --table data/samples/call* data/samples/can_tho.txt
	$(BIN)/scamtext check --colour "$$(cat data/samples/can_tho.txt)"

test: $(READY)
	$(BIN)/pytest --numprocesses 2 --dist loadfile

# All tests, the exhaustive ones too.
test-all: $(READY)
	$(BIN)/pytest --numprocesses 2 --dist loadfile -m ""

# The lowest versions that pyproject.toml allows.
test-minimum: .venv-minimum/.ready
	.venv-minimum/bin/$(OTHERS)

# The newest of everything.
test-newest: .venv-newest/.ready
	.venv-newest/bin/$(OTHERS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The shipped model: trained, measured on authors left out, the frozen test and the strangers, card written.
train: $(READY)
	$(BIN)/scamtext train data/transcripts $(SPLIT) -o models/vi
	$(BIN)/scamtext evaluate data/transcripts $(SPLIT) --part train --left-out --live --model models/vi --second data/second_reading.jsonl --card "authors left out"
	$(BIN)/scamtext evaluate data/transcripts $(SPLIT) --part test --live --model models/vi --second data/second_reading.jsonl --card "frozen test"
	$(BIN)/scamtext evaluate data/strangers --live --model models/vi --card "strangers"
	$(MAKE) pin

# The model that belongs to the package: loading it without a path refuses any other.
pin:
	cd models && sha256sum vi/meta.json > ../scamtext/persistence/models.sha256

# The shipped model on the frozen test and on the strangers, against the floors that were pinned for it.
gate: $(READY)
	$(BIN)/scamtext gate data/transcripts $(SPLIT) --floors data/floors.json
	$(BIN)/scamtext gate data/strangers --floors data/floors_strangers.json

# The data card: counts, agreement, spoil checks and learning curve, all measured here.
data-card: $(READY)
	$(BIN)/python data/make_card.py

# Each notebook from its script, run from top to bottom, with its outputs.
notebooks: $(READY)
	$(BIN)/python notebooks/build.py

# The documentation as a site; a dead link fails.
docs: $(READY)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --site-dir build/docs

ablation: $(READY)
	$(BIN)/python benchmarks/ablation.py

bench: $(READY)
	$(BIN)/python benchmarks/speed.py

bench-feedback: $(READY)
	$(BIN)/python benchmarks/feedback.py

CALLS ?= 1000000
bench-batch: $(READY)
	$(BIN)/python benchmarks/batch.py $(CALLS)

bench-length: $(READY)
	$(BIN)/python benchmarks/length.py

# Each target of the fuzzer, as often as its speed allows; SHARE=100 is a campaign of ten million.
SHARE ?= 1
FUZZ := normaliser:50 reader:15 labelled:15 words:10 redact:5 cues:2 lexicon:2 verdict:1
fuzz: $(READY)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[fuzz]"
	for part in $(FUZZ); do $(BIN)/python benchmarks/fuzz.py $${part%:*} --runs $$(($${part#*:} * 1000 * $(SHARE))) || exit 1; done

# Breaks cues, explain, features and store in some two thousand ways; which ones no test sees: `mutmut results`. Hours.
mutation: $(READY)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[mutation]"
	$(BIN)/mutmut run

bench-memory: $(READY)
	$(BIN)/python benchmarks/memory.py $(CALLS)

clean:
	rm -rf $(VENV) .venv-minimum .venv-newest build dist

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]"
	touch $(READY)

constraints-minimum.txt: pyproject.toml
	sed -n -e '/^dependencies/,/^]/s/^  "\([^>]*\)>=\([0-9.]*\).*",$$/\1==\2/p' \
	  -e 's/^parquet = \["\(.*\)>=\(.*\)"\]$$/\1==\2/p' pyproject.toml > $@

.venv-minimum/.ready: constraints-minimum.txt
	$(PYTHON) -m venv .venv-minimum
	.venv-minimum/bin/pip install --quiet --constraint constraints-minimum.txt --editable ".[parquet]" $(TOOLS)
	touch $@

.venv-newest/.ready: pyproject.toml
	$(NEWEST) -m venv .venv-newest
	.venv-newest/bin/pip install --quiet --upgrade --upgrade-strategy eager --editable ".[parquet]" $(TOOLS)
	touch $@
