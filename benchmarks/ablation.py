"""What each part of the model is worth, authors left out: writes the table of docs/ablation.md.

Run by `make ablation` (about ten minutes). The columns are made once for each fold; a row leaves
some of their n-grams out, or changes how far coefficients may go (`heads.class_scales`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from joblib import Parallel, delayed
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.svm import LinearSVC
from tqdm import tqdm

from scamtext.classifier import ScamClassifier
from scamtext.evaluation.corpus import read_corpus, split_calls
from scamtext.evaluation.evaluate import tokenise
from scamtext.features.columns import COLUMNS
from scamtext.features.table import build_pipeline
from scamtext.inference.calibration import upper_quantile
from scamtext.training.heads import class_scales, fit_scaled, fit_types

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "ablation.md"
BEGIN, END = "<!-- begin: written by benchmarks/ablation.py -->", "<!-- end -->"
FOLDS = 8
SHARES = (0.005, 0.01, 0.02)  # of honest calls flagged, at which recall is read off


@dataclass(frozen=True)
class Fold:
    """Values of one fold's calls, by vocabularies that its test calls had no part in."""

    train: Any
    test: Any
    values: Any
    asked: Any
    pipeline: Any

    def only(self, *names: str) -> Any:
        """1.0 for the n-grams of these columns, 0.0 for others."""
        parts = self.pipeline["columns"].transformers_
        return np.concatenate([np.full(len(tfidf.vocabulary_), float(name in names)) for name, tfidf, _ in parts])


def main() -> None:
    """Measure all rows and write them into the page."""
    calls = split_calls(read_corpus(ROOT / "data" / "transcripts"), ROOT / "data" / "split.json", "train")
    with joblib.parallel_config(n_jobs=-1):
        table = tokenise(calls)
        groups = np.array([call.group for call in calls])
        splits = GroupKFold(FOLDS).split(groups, groups=groups)
        folds = list(Parallel()(delayed(prepare)(table.calls, train, test) for train, test in splits))
    scam = np.array([call.is_scam for call in calls])
    hard = np.array([call.is_hard for call in calls])
    types = np.array([call.scam_type or "" for call in calls])
    lines = [
        f"{len(calls):,} calls of {len(set(groups))} authors, {FOLDS} folds of whole authors.",
        "",
        "| design | ROC-AUC | against hard honest calls | " + " | ".join(f"recall at {s:.1%}" for s in SHARES) + " |",
        "|---|---|---|" + "---|" * len(SHARES),
        *rows(folds, scam, hard, groups),
        "",
        "| type head | right, of all scam calls |",
        "|---|---|",
        *type_rows(folds, scam, types),
    ]
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


def prepare(table: Any, train: Any, test: Any) -> Fold:
    """Fit the columns of one fold."""
    model = ScamClassifier()
    pipeline = build_pipeline(model.C, model.min_df)
    values = pipeline["columns"].fit_transform(table[train])
    return Fold(train, test, values, pipeline["columns"].transform(table[test]), pipeline)


def rows(folds: list[Fold], scam: Any, hard: Any, groups: Any) -> Iterator[str]:
    """One line for each design of the scam head."""
    own = np.arange(len(scam))
    every = tuple(COLUMNS)

    def by_authors(fold: Fold) -> Any:
        return class_scales(fold.values, scam[fold.train], groups[fold.train])

    def by_calls(fold: Fold) -> Any:
        return class_scales(fold.values, scam[fold.train], own[fold.train])

    def without(name: str) -> Callable[[Fold], Any]:
        return lambda fold: by_authors(fold) * fold.only(*(other for other in every if other != name))

    designs: dict[str, tuple[Callable[[Fold], Any], Any]] = {
        "**shipped**: scales counted by authors": (by_authors, logistic(ScamClassifier().C)),
        "all scales 1 (a plain penalty)": (lambda fold: np.ones(fold.values.shape[1]), logistic(10)),
        "scales counted by calls": (by_calls, logistic(10)),
        "C = 3": (by_authors, logistic(3)),
        "C = 30": (by_authors, logistic(30)),
        "linear support vectors, C = 0.3": (by_authors, LinearSVC(C=0.3, random_state=0)),
        **{f"without {name}": (without(name), logistic(10)) for name in every},
        "words alone": (lambda fold: by_authors(fold) * fold.only("words"), logistic(10)),
        "words alone, plain penalty": (lambda fold: fold.only("words"), logistic(10)),
    }
    for name, (scales, model) in tqdm(designs.items()):
        scores = np.zeros(len(scam))
        for fold in folds:
            fitted = fit_scaled(model, fold.values, scam[fold.train], scales(fold))
            scores[fold.test] = fitted.decision_function(fold.asked)
        honest = scores[~scam]
        recalls = [(scores[scam] >= upper_quantile(honest, share)).mean() for share in SHARES]
        cells = [
            f"{roc_auc_score(scam, scores):.4f}",
            f"{roc_auc_score(scam[scam | hard], scores[scam | hard]):.4f}",
            *(f"{recall:.3f}" for recall in recalls),
        ]
        yield f"| {name} | " + " | ".join(cells) + " |"


def logistic(C: float, **more: Any) -> LogisticRegression:
    """A logistic regression as the pipeline has it."""
    return LogisticRegression(C=C, max_iter=1000, **more)


def type_rows(folds: list[Fold], scam: Any, types: Any) -> Iterator[str]:
    """One line for each design of the type head."""
    balanced = {"class_weight": "balanced"}

    def shipped(fold: Fold, values: Any, kinds: Any) -> Any:
        return fit_types(fold.pipeline, values, kinds)

    def every(model: Any) -> Callable[[Fold, Any, Any], Any]:
        return lambda fold, values, kinds: fit_scaled(model, values, kinds, np.ones(fold.values.shape[1]))

    designs: dict[str, Callable[[Fold, Any, Any], Any]] = {
        "**shipped**: single words and the caller's syllables 1-2, support vectors": shipped,
        "all n-grams, support vectors": every(LinearSVC(C=0.5, random_state=0, **balanced)),
        "all n-grams, logistic regression": every(logistic(10, **balanced)),
    }
    for name, fit in tqdm(designs.items()):
        right = np.zeros(len(scam), bool)
        for fold in folds:
            own = scam[fold.train]
            head = fit(fold, fold.values[np.flatnonzero(own)], types[fold.train][own])
            right[fold.test] = head.predict(fold.asked) == types[fold.test]
        yield f"| {name} | {right[scam].mean():.3f} |"


if __name__ == "__main__":
    main()
