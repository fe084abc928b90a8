"""Writes data/README.md (the data card) from the corpus: run by `make data-card`.

The prose stands in card.md; every number is counted here.
"""

import json
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

from scamtext.classifier import ScamClassifier
from scamtext.evaluation.corpus import LabelledCall, counts, read_corpus, split_calls
from scamtext.evaluation.evaluate import tokenise
from scamtext.evaluation.leakage import boilerplate, near_duplicates, openings, shallow_auc
from scamtext.evaluation.learning_curve import learning_curve
from scamtext.evaluation.metrics import agreement
from scamtext.evaluation.summary import interval

DATA = Path(__file__).parent
LEAST_OVERLAP = 0.3  # Jaccard; pairs above it are listed, above 0.5 the tests fail


def main() -> None:
    """Write the card and the picture of the learning curve."""
    calls = read_corpus(DATA / "transcripts")
    curve = measure_curve(split_calls(calls, DATA / "split.json", "train"))
    draw(curve, DATA / "learning_curve.png")
    reasons = json.loads((DATA / "boilerplate.json").read_text(encoding="utf-8"))
    second = read_corpus(DATA / "second_reading.jsonl")
    text = (
        (DATA / "card.md")
        .read_text(encoding="utf-8")
        .format(
            counts=counts(calls),
            agreement=agreement_table(agreement(calls, second)),
            shallow=f"{shallow_auc(calls):.3f}",
            boilerplate="; ".join(f"“{row}” ({count}: {reasons[row]})" for row, count in boilerplate(calls)) or "none",
            duplicates=near_duplicates(calls, LEAST_OVERLAP)[:5] or "none",
            openings="\n\n".join(opening_table(calls, label) for label in ("scam", "legit")),
            curve=curve_table(curve),
        )
    )
    (DATA / "README.md").write_text(text, encoding="utf-8")


def measure_curve(calls: list[LabelledCall]) -> list[dict[str, float]]:
    """The learning curve over the training authors, kept in learning_curve.json."""
    curve = learning_curve(ScamClassifier(), calls, tokenise(calls))
    (DATA / "learning_curve.json").write_text(json.dumps(curve, indent=1) + "\n", encoding="utf-8")
    return curve


def draw(curve: list[dict[str, float]], path: Path) -> None:
    """AUC and recall against the number of calls learnt from."""
    mpl.use("Agg")
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    calls = [row["calls"] for row in curve]
    for axis, name, title in zip(
        axes, ("auc", "recall_at_1pc"), ("ROC-AUC", "recall at 1 % false alarms"), strict=True
    ):
        axis.plot(calls, [row[name] for row in curve], marker="o")
        axis.set(xlabel="calls to learn from", title=title, xlim=(0, None))
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def curve_table(curve: list[dict[str, float]]) -> str:
    """The learning curve as Markdown."""
    rows = [f"| {r['share']:.0%} | {r['calls']} | {r['auc']:.4f} | {r['recall_at_1pc']:.3f} |" for r in curve]
    return "\n".join(
        ["| share of authors | calls | ROC-AUC | recall at 1 % false alarms |", "|---|---|---|---|", *rows]
    )


def agreement_table(found: dict) -> str:  # type: ignore[type-arg]
    """Agreement of the two readings as Markdown."""
    rows = [f"| {kind} | {row['f1']} | {row['calls']} |" for kind, row in found["cues"].items()]
    return "\n".join(
        [
            f"{found['calls']} calls were read twice. Label agreed: {interval(found['label'])}; "
            f"scam type agreed: {interval(found['scam_type'])}.",
            "",
            "| cue, per call | F1 between the readers | calls with it (first reader) |",
            "|---|---|---|",
            *rows,
        ]
    )


def opening_table(calls: list[LabelledCall], label: str) -> str:
    """The most common first six words of a label as Markdown."""
    rows = [f"| {words} | {count} |" for words, count in openings(calls, label)]
    return "\n".join([f"| first six words, {label} | calls |", "|---|---|", *rows])


if __name__ == "__main__":
    main()
