"""The scikit-learn models of a compiled model again, for notebooks, evaluation and whoever looks into them.

A model folder keeps arrays alone; everything that was learnt is in them (`compilation`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from scamtext._typing import Array
from scamtext.features.columns import COLUMNS
from scamtext.features.table import build_pipeline
from scamtext.inference.scorer import CALL_CUES, FAMILIES, LEVELS, LIVE_HEAD, SCAM_HEAD, TURN_CUES, TYPE_HEAD
from scamtext.labels import CUE_KINDS, LEGIT, SCAM
from scamtext.training.fitting import Heads
from scamtext.training.heads import CUE_CALL_C, CUE_TURN_C, TYPE_C

Gram = tuple[int, ...]  # numbers of tokens


def restore_heads(arrays: Mapping[str, Array], C: float, min_df: int) -> Heads:
    """The heads from which `compile_model` made these arrays.

    Parameters
    ----------
    C, min_df : the parameters that they were fitted with.
    """
    pipeline = _restore_columns(arrays, build_pipeline(C, 1), min_df)
    binary = np.array([LEGIT, SCAM])
    kinds = np.array(CUE_KINDS)
    types = np.array(arrays["types"].tobytes().decode().split("\n"))
    scam = _restore(arrays, SCAM_HEAD, pipeline["scam"], binary)
    if scam is None:
        raise ValueError("no scam head")
    in_call = _restore(arrays, CALL_CUES, LogisticRegression(C=CUE_CALL_C), kinds)
    in_turn = _restore(arrays, TURN_CUES, LogisticRegression(C=CUE_TURN_C), kinds)
    return Heads(
        pipeline,
        _restore(arrays, TYPE_HEAD, LinearSVC(C=TYPE_C, class_weight="balanced", random_state=0), types),
        None if in_call is None else (in_call, in_turn),
        _restore(arrays, LIVE_HEAD, LogisticRegression(C=C, max_iter=1000), binary),
    )


def _restore(arrays: Mapping[str, Array], name: str, model: Any, classes: Array) -> Any:
    """The linear model of this name, or None."""
    if f"{name}_coefficients" not in arrays:
        return None
    kept = arrays[f"{name}_coefficients"]
    features = len(arrays["idf_of"])
    model.coef_ = np.zeros((len(kept), features))
    model.coef_[:, arrays.get(f"{name}_features", np.arange(features))] = kept
    model.intercept_ = arrays[f"{name}_intercepts"].copy()
    model.classes_, model.n_features_in_ = classes, features
    return model


def _restore_columns(arrays: Mapping[str, Array], pipeline: Pipeline, min_df: int) -> Pipeline:
    """The pipeline with its n-grams and their weights."""
    columns = pipeline["columns"]
    columns.fit(np.full((1, len(COLUMNS)), "x", dtype=object))  # makes the parts; what they learnt is replaced
    idf = arrays["idf"].take(arrays["idf_of"])
    ends = arrays["columns"].cumsum()
    for (name, tfidf, _), end, size in zip(columns.transformers_, ends, arrays["columns"], strict=True):
        tfidf.vocabulary_ = {gram: feature - (end - size) for gram, feature in _grams(arrays, name)}
        if len(tfidf.vocabulary_) != size:
            raise ValueError(f"column {name!r}: {len(tfidf.vocabulary_)} n-grams, {size} weights")
        tfidf.idf_ = idf[end - size : end]
        tfidf._tfidf.n_features_in_ = int(size)
        tfidf.min_df = min_df
        columns.output_indices_[name] = slice(int(end - size), int(end))
    columns.sparse_output_ = True
    columns.set_params(**{f"{name}__min_df": min_df for name in COLUMNS})
    return pipeline


def _grams(arrays: Mapping[str, Array], column: str) -> Iterator[tuple[str, int]]:
    """The n-grams of a column, tokens separated by spaces, and the feature of each."""
    tokens: list[str] = [""]  # numbers start at 1
    own = range(0)
    for family in FAMILIES:
        names = arrays[f"{family}_tokens"].tobytes().decode().split("\n")
        if family == COLUMNS[column].family:
            own = range(len(tokens), len(tokens) + len(names))
        tokens += names
    place = list(COLUMNS).index(column)
    rows: dict[int, Gram] = {number: (number,) for number in range(1, len(tokens))}
    for length, level in LEVELS.items():
        if length > 1:
            rows = dict(_children(arrays, level, rows))
        features = arrays[f"{level}_features"]
        for row, gram in rows.items():
            at = row + arrays["shifts"][length - 1, place]
            if gram[0] in own and features[at] >= 0:
                yield " ".join(tokens[number] for number in gram), int(features[at])


def _children(arrays: Mapping[str, Array], level: str, shorter: Mapping[int, Gram]) -> Iterator[tuple[int, Gram]]:
    """The n-grams of a level by row, from its trie and those that are shorter by one token."""
    base, owner, row = (arrays[f"{level}_{part}"] for part in ("base", "owner", "row"))
    at = np.flatnonzero(owner >= 0)
    for parent, label, kept in zip(owner[at].tolist(), (at - base[owner[at]]).tolist(), row[at].tolist(), strict=True):
        yield kept, (*shorter[parent], label)
