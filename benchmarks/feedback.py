"""What a reviewer's marks are worth: false alarms on a kind of honest call that the model had never met.

Run by `make bench-feedback` (about two minutes). A model learns from 25 authors without any call of KIND, and
classifies the calls of all other training authors. A reviewer looks at the calls of KIND by one half of these
authors; what she says is added to the training calls (`corpus.reviewed`), the model is fitted again, and measured
on the authors of the other half; then the halves change places. So every call is measured once, by a model that
has not seen its author. The frozen test authors take no part.
"""

import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from scamtext.classifier import ScamClassifier
from scamtext.evaluation.corpus import LabelledCall, read_corpus, reviewed, split_calls
from scamtext.evaluation.evaluate import fit, score, tokenise
from scamtext.evaluation.metrics import Scored, measure
from scamtext.evaluation.summary import interval
from scamtext.labels import LEGIT

ROOT = Path(__file__).parent.parent
KIND = "family_money"
KNOWN = 25  # authors to learn from
BEFORE, WRONG, ALL = "before", "the wrong ones added", "all that she looked at added"


def main(kind: str = KIND) -> None:
    """Simulate one round of feedback, and print what it changed."""
    calls = split_calls(read_corpus(ROOT / "data" / "transcripts"), ROOT / "data" / "split.json", "train")
    authors = np.random.default_rng(0).permutation(sorted({str(call.author) for call in calls}))
    halves = [[call for call in calls if call.author in authors[start::2]] for start in (KNOWN, KNOWN + 1)]
    known = [call for call in calls if call.author in authors[:KNOWN] and call.legit_kind != kind]
    with joblib.parallel_config(n_jobs=-1):
        first = learn(known)
        parts = joblib.Parallel()(
            joblib.delayed(feed_back)(first, known, mine, others, kind) for mine, others in (halves, halves[::-1])
        )
    rows = {name: [row for part in parts for row in part[name][0]] for name in (BEFORE, WRONG, ALL)}
    added = {name: sum(part[name][1] for part in parts) for name in rows}
    print("\n".join(report(rows, added, kind, len(known))))


def feed_back(
    first: ScamClassifier, known: list[LabelledCall], mine: list[LabelledCall], others: list[LabelledCall], kind: str
) -> dict[str, tuple[list[Scored], int]]:
    """What models say of the others' calls, before and after a reviewer has looked at mine, and rows added."""
    records = review(first, [call for call in mine if call.legit_kind == kind])
    wrong = [record for record in records if record["reviewed"] != "right"]
    table = tokenise(others)
    models = {BEFORE: (first, 0)}
    models |= {name: (learn([*known, *reviewed(m)]), len(m)) for name, m in ((WRONG, wrong), (ALL, records))}
    return {name: (score(model, others, table, cues=False), count) for name, (model, count) in models.items()}


def learn(calls: list[LabelledCall]) -> ScamClassifier:
    """A model as it ships, but with fewer folds, and without the heads that are not measured here."""
    return fit(ScamClassifier(folds=3, live=False), calls, tokenise(calls), cues=False)


def review(model: ScamClassifier, calls: list[LabelledCall]) -> list[dict[str, Any]]:
    """What `classify --full` writes of honest calls, with the reviewer's word."""
    verdicts = model.classify_many(call.call for call in calls)
    return [
        verdict.to_record()
        | {
            "turns": verdict.call.to_dict()["turns"],
            "reviewed": "right" if verdict.label == LEGIT else "not a scam",
        }
        for verdict in verdicts
    ]


def report(rows: dict[str, list[Scored]], added: dict[str, int], kind: str, known: int) -> list[str]:
    """The table, and whatever got worse than the interval that it had before."""
    own = {name: measure([row for row in scored if row.truth.legit_kind == kind]) for name, scored in rows.items()}
    rest = {name: measure([row for row in scored if row.truth.legit_kind != kind]) for name, scored in rows.items()}

    def line(title: str, cells: list[str]) -> str:
        return f"| {title} | " + " | ".join(cells) + " |"

    lines = [
        f"{known} calls of {KNOWN} authors to learn from, none of kind {kind}; {len(rows[BEFORE])} calls measured.\n",
        line("", list(rows)),
        "|---" * (len(rows) + 1) + "|",
        line("rows added, by both halves", [str(count) for count in added.values()]),
        line(f"false alarms on {kind}", [interval(m["false_alarms"]) for m in own.values()]),
        line("false alarms on all other honest calls", [interval(m["false_alarms"]) for m in rest.values()]),
        line("recall", [interval(m["recall"]) for m in rest.values()]),
        line("recall at 1 % false alarms", [interval(m["recall_at_1pc"]) for m in rest.values()]),
        line("ROC-AUC", [interval(m["auc"]) for m in rest.values()]),
    ]
    for name in (WRONG, ALL):
        found = "; ".join(worse(rest[BEFORE], rest[name])) or "nothing"
        lines.append(f"\nWorse than its 95 % interval before, {name}: {found}.")
    return lines


def worse(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """All calls, or the slices by form, type, kind, length and region, that have left their interval for the worse."""
    names = [(of, key) for of in before["slices"] if of != "author" for key in before["slices"][of]]
    pairs = {"all calls": (before, after)}
    pairs |= {f"{of} {key}": (before["slices"][of][key], after["slices"][of][key]) for of, key in names}
    found = []
    for name, (old, new) in pairs.items():
        recall, alarms = new["recall"]["value"], new["false_alarms"]["value"]
        if recall is not None and recall < old["recall"]["low"]:
            found.append(f"recall of {name} {recall:.3f} after {interval(old['recall'])}")
        if alarms is not None and alarms > old["false_alarms"]["high"]:
            found.append(f"false alarms of {name} {alarms:.3f} after {interval(old['false_alarms'])}")
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
