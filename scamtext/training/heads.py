"""Linear heads over the n-grams of a call: scam or not, which type, which cues.

All heads read the same TF-IDF values, so a call is turned into numbers once. They are fitted
with a *scale* for each n-gram, how far its coefficient may go under the penalty: for the scam
head by how many authors agree on it, for the cue heads by how many calls or turns do, and 0
for what a head does not read. Fitting on scaled values and folding the scale into the
coefficients leaves a plain linear model on plain values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from scamtext.features.columns import COLUMNS, WINDOWS
from scamtext.features.table import Table, build_pipeline
from scamtext.inference.scorer import CERTAIN
from scamtext.inference.windows import passages, strongest
from scamtext.labels import CUE_KINDS, SCAM

TOPIC = {name: column.topic for name, column in COLUMNS.items()}
TURN = {name: column.turn for name, column in COLUMNS.items()}
# Measured on authors left out, docs/ablation.md.
LEAST_SCALE = 0.5  # of an n-gram that is as common in one class as in the other
MARK_REACH = 5.0  # lexicon marks tell more of a turn than of a whole call
TYPE_C, CUE_CALL_C, CUE_TURN_C = 0.5, 10.0, 1.0  # inverse strengths of the heads' penalties


def groups_with(features: Any, groups: NDArray[Any]) -> tuple[NDArray[np.float64], int]:
    """In how many groups each n-gram occurs, shape (n_features,), and how many groups there are.

    Parameters
    ----------
    features : values of n rows, sparse, shape (n, n_features).
    groups : the author of each row; rows that count by themselves have groups of their own.
    """
    members, numbers = np.unique(groups, return_inverse=True)
    size = len(groups)
    by_group = sparse.csr_matrix((np.ones(size), (numbers, np.arange(size))), shape=(len(members), size))
    present = features.astype(bool).astype(np.float64)
    return np.asarray(((by_group @ present) > 0).sum(axis=0)).ravel(), len(members)


def log_ratios(features: Any, positive: NDArray[np.bool_], groups: NDArray[Any]) -> NDArray[np.float64]:
    """The log ratio of each n-gram's rates in two classes, counted by groups (see `class_scales`)."""
    rates = []
    for rows in (positive, ~positive):
        counts, size = groups_with(features[np.flatnonzero(rows)], groups[rows])
        rates.append((counts + 1) / (size + 2))
    return np.log(rates[0] / rates[1])


def class_scales(features: Any, positive: NDArray[np.bool_], groups: NDArray[Any]) -> NDArray[np.float64]:
    """How far each n-gram may go: the log ratio of its rates in the two classes, counted by groups.

    Counting authors instead of calls keeps one author's pet phrase from growing a large
    coefficient, and lets what many authors share grow it (a Naive Bayes scale, after Wang
    and Manning 2012, on groups).

    Parameters
    ----------
    features : TF-IDF values, sparse, shape (n, n_features).
    positive : which of the n rows are of the class, shape (n,).
    groups : the author of each row; rows that count by themselves have groups of their own.
    """
    return LEAST_SCALE + np.abs(log_ratios(features, positive, groups))


def fit_scaled(model: Any, features: Any, target: NDArray[Any], scales: NDArray[np.float64]) -> Any:
    """Fit a linear model in which n-gram i is penalised by 1 / scales[i] ** 2; 0 leaves it out."""
    used = np.flatnonzero(scales)
    model.fit(features[:, used] @ sparse.diags(scales[used]), target)
    # Coefficients keep 24 bits: that is more than they are sure of, and halves the model file.
    coefficients = np.zeros((len(model.coef_), len(scales)), np.float32)
    coefficients[:, used] = model.coef_ * scales[used]
    model.coef_, model.n_features_in_ = coefficients.astype(np.float64), len(scales)
    return model


def values(pipeline: Pipeline, rows: NDArray[np.object_]) -> Any:
    """TF-IDF values of rows, always sparse (scikit-learn makes them dense when few are 0)."""
    return sparse.csr_matrix(pipeline["columns"].transform(rows))


def decide_windowed(pipeline: Pipeline, table: Table) -> tuple[Any, NDArray[np.float64]]:
    """The values that decide each of n calls (as `Scorer.decide_windowed`), shape (n, n_features), and their logits."""
    features = values(pipeline, table.calls)
    logits = pipeline["scam"].decision_function(features)
    calls = np.arange(len(table)).repeat([len(rows) // len(WINDOWS) for rows in table.windows])
    if not len(calls):
        return features, logits
    windows = values(pipeline, np.concatenate(list(table.windows)))
    parts = _means(np.arange(windows.shape[0]).reshape(-1, len(WINDOWS)), windows.shape[0]) @ windows
    first, score, _ = strongest(pipeline["scam"].decision_function(parts), calls)
    more = np.flatnonzero(score > logits[calls[first]])
    rows = np.arange(len(table))
    rows[calls[first[more]]] = len(table) + np.arange(len(more))
    windowed = _means(passages(first[more]), parts.shape[0]) @ parts
    return sparse.vstack([features, windowed]).tocsr()[rows], np.concatenate([logits, score[more]])[rows]


def _means(members: NDArray[np.int_], size: int) -> Any:
    """What makes of so many rows the mean of those in each row of `members`, shape (means, rows in each)."""
    means, each = members.shape
    place = np.arange(means).repeat(each), members.ravel()
    return sparse.csr_matrix((np.full(members.size, 1 / each), place), shape=(means, size))


def fit_pipeline(
    table: NDArray[np.object_], labels: NDArray[Any], groups: NDArray[Any], C: float, min_df: int
) -> Pipeline:
    """The pipeline of `features.build_pipeline`, its scam head fitted with scales."""
    pipeline = build_pipeline(C, min_df)
    features = sparse.csr_matrix(pipeline["columns"].fit_transform(table))
    scales = class_scales(features, labels == SCAM, groups)
    fit_scaled(pipeline["scam"], features, labels, scales)
    return pipeline


def fit_live(
    pipeline: Pipeline, features: Any, labels: NDArray[Any], groups: NDArray[Any], C: float
) -> LogisticRegression:
    """Scam or not while the call goes on: the mean of the scam head and one that also learns from beginnings.

    The mean warns earlier than the scam head and is right more often than the other (docs/ablation.md).

    Parameters
    ----------
    features : values of whole calls and of beginnings, shape (n, n_features), with n labels and groups.
    """
    head = LogisticRegression(C=C, max_iter=1000)
    fit_scaled(head, features, labels, class_scales(features, labels == SCAM, groups))
    head.coef_ = ((head.coef_ + pipeline["scam"].coef_) / 2).astype(np.float32).astype(np.float64)
    head.intercept_ = (head.intercept_ + pipeline["scam"].intercept_) / 2
    return head


def count_syllables(rows: Iterable[NDArray[np.object_]]) -> NDArray[np.int_]:
    """How many syllables each of n rows has, shape (n,)."""
    column = list(COLUMNS).index("syllables")
    return np.array([row[column].count(" ") for row in rows])


def fit_types(pipeline: Pipeline, features: Any, types: NDArray[np.str_]) -> LinearSVC:
    """Which scam type: features of scam calls, shape (n, n_features), and their n types."""
    model = LinearSVC(C=TYPE_C, class_weight="balanced", random_state=0)
    return fit_scaled(model, features, types, _reach(pipeline, TOPIC))


def fit_cues(
    pipeline: Pipeline, features: Any, turn_features: Any, cues: Sequence[Sequence[frozenset[str]]]
) -> tuple[LogisticRegression, LogisticRegression]:
    """Which cues are in a call, and which in a turn: two heads with a row of coefficients for each kind.

    Parameters
    ----------
    features : values of n calls.
    turn_features : values of all their turns, in order.
    cues : for each call, the kinds in each of its turns.
    """
    marked = _reach(pipeline, TURN, cues=MARK_REACH)
    return (
        _one_vs_rest(features, present_in_calls(cues), _reach(pipeline, TOPIC), CUE_CALL_C),
        _one_vs_rest(turn_features, present_in_turns(cues), marked, CUE_TURN_C),
    )


def present_in_calls(cues: Sequence[Sequence[frozenset[str]]]) -> NDArray[np.bool_]:
    """Which kinds each call has, shape (calls, kinds)."""
    return np.array([[any(kind in kinds for kinds in call) for kind in CUE_KINDS] for call in cues])


def present_in_turns(cues: Sequence[Sequence[frozenset[str]]]) -> NDArray[np.bool_]:
    """Which kinds each turn of each call has, shape (turns of all calls, kinds)."""
    return np.array([[kind in kinds for kind in CUE_KINDS] for call in cues for kinds in call])


def _one_vs_rest(features: Any, present: NDArray[np.bool_], reach: NDArray[np.float64], C: float) -> LogisticRegression:
    """One logistic regression for each column of `present`, shape (n, kinds), as rows of one model."""
    rows = np.arange(len(present))
    used = np.flatnonzero(reach)
    stacked = LogisticRegression(C=C)
    stacked.classes_ = np.array(CUE_KINDS)
    stacked.n_features_in_ = features.shape[1]
    stacked.coef_ = np.zeros((len(CUE_KINDS), features.shape[1]))
    stacked.intercept_ = np.where(present.all(axis=0), CERTAIN, -CERTAIN)
    for row, target in enumerate(present.T):
        if target.any() and not target.all():
            scales = np.zeros(features.shape[1])
            scales[used] = class_scales(features[:, used], target, rows) * reach[used]
            one = fit_scaled(LogisticRegression(C=C, solver="liblinear"), features, target, scales)
            stacked.coef_[row], stacked.intercept_[row] = one.coef_[0], one.intercept_[0]
    return stacked


def _reach(pipeline: Pipeline, longest: Mapping[str, int], cues: float = 1.0) -> NDArray[np.float64]:
    """The scale of every n-gram that is short enough for its column (1, or `cues` for marks), 0 for the others."""
    parts = []
    for name, tfidf, _ in pipeline["columns"].transformers_:
        scale = cues if name == "cues" else 1.0
        parts.append([scale * (gram.count(" ") < longest[name]) for gram in tfidf.get_feature_names_out()])
    return np.concatenate(parts)


def cue_scores(
    heads: tuple[LogisticRegression, LogisticRegression], features: Any, turn_features: Any, turns: Sequence[int]
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """How much calls, and their turns, speak for each kind of cue.

    A call's score is what the whole of it says plus what its most telling turn says.

    Parameters
    ----------
    features, turn_features : values of n calls, and of all their turns in order.
    turns : for each of the n calls how many turns it has.

    Returns
    -------
    The scores of the calls, shape (n, kinds), and for each call those of its turns, shape (turns, kinds).
    """
    in_call, in_turn = heads
    scores = in_turn.decision_function(turn_features)
    # Each column has its START and nothing else: no word of such a turn is known.
    scores[turn_features.getnnz(axis=1) <= len(COLUMNS)] = -CERTAIN
    by_turn = np.split(scores, np.cumsum(turns)[:-1])
    strongest = np.array([scores.max(axis=0) for scores in by_turn])
    return in_call.decision_function(features) + strongest, by_turn


def best_thresholds(scores: NDArray[np.float64], present: NDArray[np.bool_]) -> NDArray[np.float64]:
    """For each kind the score from which its F1 is best, out of reach where none is present; arrays (n, kinds)."""
    best = []
    for score, truth in zip(scores.T, present.T, strict=True):
        if not truth.any():
            best.append(CERTAIN)
            continue
        order = np.argsort(-score, kind="stable")
        hits = np.cumsum(truth[order])
        f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
        best.append(float(score[order[int(f1.argmax())]]))
    return np.array(best)
