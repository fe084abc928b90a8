"""Quality against the number of authors to learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from scamtext.classifier import ScamClassifier
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.evaluate import FOLDS
from scamtext.evaluation.metrics import (
    FALSE_ALARMS,
    Measures,
)
from scamtext.features.table import Table
from scamtext.inference.calibration import upper_quantile
from scamtext.labels import SCAM
from scamtext.training.heads import decide_windowed, fit_pipeline

LEARNING_SHARES = (0.25, 0.5, 0.75, 1.0)  # of the authors


def learning_curve(classifier: ScamClassifier, calls: Sequence[LabelledCall], table: Table) -> list[Measures]:
    """AUC and recall at 1 % false alarms, authors left out, with a share of the authors to learn from."""
    groups = np.array([call.group for call in calls])
    labels = np.array([call.label for call in calls])
    is_scam = labels == SCAM
    curve = []
    for part in LEARNING_SHARES:
        logits = np.zeros(len(calls))
        random = np.random.default_rng(0)
        for train, test in GroupKFold(min(FOLDS, len(np.unique(groups)))).split(labels, groups=groups):
            authors = random.permutation(np.unique(groups[train]))
            chosen = np.isin(groups, authors[: max(1, round(part * len(authors)))]) & ~np.isin(groups, groups[test])
            rows = table.calls[chosen]
            pipeline = fit_pipeline(rows, labels[chosen], groups[chosen], classifier.C, classifier.min_df)
            logits[test] = decide_windowed(pipeline, table.take(test))[1]
        line = upper_quantile(logits[~is_scam], FALSE_ALARMS)
        curve.append(
            {
                "share": part,
                "calls": round(part * len(calls) * (1 - 1 / FOLDS)),
                "auc": round(float(roc_auc_score(is_scam, logits)), 4),
                "recall_at_1pc": round(float((logits[is_scam] >= line).mean()), 4),
            }
        )
    return curve
