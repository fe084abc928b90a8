"""Makes tests/models/format<N>: a small model folder of this release, and what it says of a few calls.

    .venv/bin/python tests/models/make.py

Run it once for each release that raises `model_folder.FORMAT` and commit what it writes: later releases must load
the folder and say the same (tests/test_store.py).
"""

import json
import shutil
from pathlib import Path

from scamtext import ScamClassifier
from scamtext.evaluation.corpus import read_corpus
from scamtext.evaluation.evaluate import fit, tokenise
from scamtext.persistence.model_folder import CARD, FORMAT, save

HERE = Path(__file__).parent
LEARNT, ASKED = 60, 10


def main():
    calls = read_corpus(HERE.parents[1] / "data" / "transcripts" / "a01.jsonl")
    learnt = calls[:LEARNT]
    classifier = fit(ScamClassifier(folds=2, min_df=6), learnt, tokenise(learnt))
    folder = HERE / f"format{FORMAT}"
    shutil.rmtree(folder, ignore_errors=True)
    save(classifier, folder / "model")
    (folder / "model" / CARD).unlink()
    verdicts = [verdict.to_dict() for verdict in classifier.classify_many(item.call for item in calls[-ASKED:])]
    (folder / "verdicts.json").write_text(json.dumps(verdicts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
