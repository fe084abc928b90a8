"""A fitted pipeline and its heads turned into the plain arrays that `Scorer` reads, once, when a model is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scamtext._typing import Array
from scamtext.cues.lexicon import Lexicon
from scamtext.features.columns import COLUMNS, MARKS, START
from scamtext.inference.scorer import FAMILIES, LEVELS, TYPE_HEAD
from scamtext.text.trie import pack

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MOST_USED = 0.9  # share of the features from which a head keeps coefficients of all


def compile_model(lexicon: Lexicon, pipeline: Pipeline, heads: Mapping[str, Any]) -> dict[str, Array]:
    """Arrays for `Scorer`.

    Parameters
    ----------
    lexicon : whose finds are the marks that the pipeline was fitted to.
    pipeline : a fitted `features.build_pipeline`.
    heads : fitted linear models on its values, by name; None for what there is not.
    """
    grams: dict[str, dict[tuple[str, ...], int]] = {}
    idf: list[Array] = []
    for name, tfidf, _ in pipeline["columns"].transformers_:
        offset = sum(map(len, idf))
        grams[name] = {tuple(gram.split(" ")): offset + int(at) for gram, at in tfidf.vocabulary_.items()}
        idf.append(tfidf.idf_)
    values, places = np.unique(np.concatenate(idf), return_inverse=True)  # n-grams in equally many calls share one
    arrays = {
        "idf": values,
        "idf_of": places.astype(np.min_scalar_type(len(values))),
        "columns": np.array(list(map(len, idf))),
    }
    arrays |= lexicon.compile() | _compile_grams(grams)
    types = heads.get(TYPE_HEAD)
    arrays["types"] = np.frombuffer("\n".join([] if types is None else types.classes_).encode(), np.uint8)
    for name, model in heads.items():
        if model is None:
            continue
        used = model.coef_.any(axis=0).nonzero()[0]
        if len(used) < MOST_USED * model.coef_.shape[1]:
            arrays[f"{name}_features"] = used.astype(np.int32)
        else:
            used = np.arange(model.coef_.shape[1])
        arrays[f"{name}_coefficients"] = np.ascontiguousarray(model.coef_[:, used], dtype=np.float32)
        arrays[f"{name}_intercepts"] = np.asarray(model.intercept_, dtype=np.float64)
    return arrays


def _compile_grams(grams: Mapping[str, Mapping[tuple[str, ...], int]]) -> dict[str, Array]:
    """The tokens of each family, one trie of the pairs and triples of all, and each column's features by trie row."""
    arrays: dict[str, Array] = {}
    numbers: dict[str, dict[str, int]] = {}
    count = 0
    for family in FAMILIES:
        own = [gram for name, column in COLUMNS.items() if column.family == family for gram in grams[name]]
        known = MARKS if family == "cues" else sorted({token for gram in own for token in gram} - {START})
        numbers[family] = {token: place for place, token in enumerate([*known, START], count + 1)}
        count += len(numbers[family])
        arrays[f"{family}_tokens"] = np.frombuffer("\n".join(numbers[family]).encode(), np.uint8)
    numbered = {
        name: {tuple(map(numbers[COLUMNS[name].family].__getitem__, gram)): feature for gram, feature in own.items()}
        for name, own in grams.items()
    }
    rows: dict[tuple[int, ...], int] = {(place,): place for place in range(1, count + 1)}
    shifts = np.zeros((len(LEVELS), len(COLUMNS)), int)
    for length, level in LEVELS.items():
        if length > 1:
            shorter = rows
            children: dict[int, dict[int, int]] = {}
            longer = sorted({gram[:length] for own in numbered.values() for gram in own if len(gram) >= length})
            rows = {gram: row for row, gram in enumerate(longer, 1)}
            for gram, row in rows.items():
                children.setdefault(shorter[gram[:-1]], {})[gram[-1]] = row
            packed = pack(children, len(shorter) + 1, count + 1)
            arrays |= {f"{level}_{name}": array for name, array in packed.items()}
        tables: list[Array] = []
        for place, (name, column) in enumerate(COLUMNS.items()):
            tokens = set(numbers[column.family].values())
            own_rows = [row for gram, row in rows.items() if gram[0] in tokens]  # neighbours
            first = min(own_rows, default=0)
            shifts[length - 1, place] = sum(map(len, tables)) - first
            tables.append(np.full(len(own_rows), -1, np.int32))
            for gram, feature in numbered[name].items():
                if len(gram) == length:
                    tables[-1][rows[gram] - first] = feature
        arrays[f"{level}_features"] = np.concatenate(tables)
    return arrays | {"shifts": shifts}
