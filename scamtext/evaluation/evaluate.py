"""How good the classifier is on calls it has not seen: authors, types and spellings left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold

from scamtext.classifier import ScamClassifier
from scamtext.cues.lexicon import Lexicon
from scamtext.errors import DataError
from scamtext.evaluation.attacks import EVASIONS
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.dilution import dilutions
from scamtext.evaluation.early_warning import measure_live, watch
from scamtext.evaluation.metrics import (
    FALSE_ALARMS,
    Measures,
    Scored,
    cue_measures,
    failures,
    measure,
    measure_diluted,
    recall_at,
    share,
)
from scamtext.evaluation.perturbations import NOISES
from scamtext.features.table import Table, marked_kinds
from scamtext.labels import CUE_KINDS, LEGIT, SCAM, SCAM_TYPES
from scamtext.training.heads import cue_scores, decide_windowed, values

FOLDS = 10  # whole authors in each
CHUNK = 200  # calls tokenised by one task
CLEAN, LIVE, UNDILUTED = "clean", "live", "as they are"
SPELLINGS = NOISES | EVASIONS  # other ones, in which calls are scored too
DILUTED = 300  # calls of each label that are diluted: they are long, and take their time

# A `Table` of calls, or labelled calls (None where nothing is asked), which are tokenised then.
Variant = Any
Scoring = Callable[[ScamClassifier, Sequence[LabelledCall], Mapping[str, Variant]], dict[str, list[Any]]]


def tokenise(calls: Sequence[LabelledCall], lexicons: str | Path | None = None) -> Table:
    """The rows of labelled calls, made once for many fits; parallel under `joblib.parallel_config`.

    `lexicons` are those of the classifier that they are for.
    """
    lexicon = Lexicon.of(lexicons)

    def read(chunk: Sequence[LabelledCall]) -> Table:
        return Table.of([call.call for call in chunk], lexicon)

    parts = Parallel()(delayed(read)(calls[start : start + CHUNK]) for start in range(0, max(1, len(calls)), CHUNK))
    return Table.join(parts)


def score(
    classifier: ScamClassifier, calls: Sequence[LabelledCall], table: Table, *, cues: bool = True
) -> list[Scored]:
    """What a fitted classifier says of calls, `table` being their tokens (of their cues too, or not)."""
    features, logits = decide_windowed(classifier.pipeline_, table)
    probabilities = classifier.calibrate(logits)
    types = classifier.type_head_.predict(features) if classifier.type_head_ else [None] * len(calls)
    detected = _detect_kinds(classifier, table, features) if cues else [frozenset[str]()] * len(calls)
    return [
        Scored(call, float(p), bool(p >= classifier.threshold_), None if kind is None else str(kind), kinds)
        for call, p, kind, kinds in zip(calls, probabilities, types, detected, strict=True)
    ]


def _detect_kinds(classifier: ScamClassifier, table: Table, features: Any) -> list[frozenset[str]]:
    """The kinds of cue in calls, `features` being their rows of values."""
    if classifier.cue_heads_ is None:
        return [marked_kinds(row) for row in table.calls]
    turn_features = values(classifier.pipeline_, table.turn_rows)
    by_call, _ = cue_scores(classifier.cue_heads_, features, turn_features, table.sizes)
    has = by_call >= classifier.cue_thresholds_[0]
    return [frozenset(kind for kind, detected in zip(CUE_KINDS, row, strict=True) if detected) for row in has]


def fit(
    classifier: ScamClassifier, calls: Sequence[LabelledCall], table: Table, *, cues: bool = True
) -> ScamClassifier:
    """A new classifier with the same parameters, fitted to labelled calls (their cues too, or not)."""
    fresh: ScamClassifier = clone(classifier)
    return fresh.fit(
        table,
        [call.label for call in calls],
        [call.scam_type for call in calls],
        [call.group for call in calls],
        [call.cues for call in calls] if cues else None,
        [call.reviewed for call in calls],
    )


def score_variants(
    classifier: ScamClassifier, calls: Sequence[LabelledCall], tables: Mapping[str, Variant]
) -> dict[str, list[Any]]:
    """What a fitted classifier says of calls in each of their spellings, of diluted ones, and what its monitor does."""

    def score_one(name: str, variant: Variant) -> list[Any]:
        if not isinstance(variant, Table):
            return _judge(classifier, variant)
        return (
            watch(classifier, calls, variant) if name == LIVE else score(classifier, calls, variant, cues=name == CLEAN)
        )

    return {name: score_one(name, variant) for name, variant in tables.items()}


def _judge(classifier: ScamClassifier, calls: NDArray[np.object_]) -> list[Scored | None]:
    """What a fitted classifier says of calls that nobody has tokenised, without types and cues."""
    probabilities = iter(classifier.predict_proba(call.call for call in calls if call)[:, 1])
    return [
        None if call is None else Scored(call, float(p := next(probabilities)), bool(p >= classifier.threshold_), None)
        for call in calls
    ]


def _dilute(calls: Sequence[LabelledCall]) -> dict[str, NDArray[np.object_]]:
    """Some calls of each label, spread evenly, as they are and diluted in each way; None in the place of others."""
    chosen: list[int] = []
    for label in (SCAM, LEGIT):
        own = [number for number, call in enumerate(calls) if call.label == label]
        chosen += own[:: max(1, -(-len(own) // DILUTED))]
    diluted = {}
    for name, dilute in ({UNDILUTED: replace} | dilutions(calls)).items():
        diluted[name] = np.full(len(calls), None, dtype=object)
        for number in chosen:
            diluted[name][number] = dilute(calls[number])
    return diluted


def authors_left_out(
    classifier: ScamClassifier,
    calls: Sequence[LabelledCall],
    tables: Mapping[str, Variant],
    scoring: Scoring = score_variants,
    beside: tuple[Sequence[LabelledCall], Table] | None = None,
    folds: int = FOLDS,
) -> dict[str, list[Any]]:
    """Every call scored by a model, calibration and thresholds made without its author.

    `tables` holds the calls as they are (under `CLEAN`), from which models learn, in other spellings,
    in which they are scored too, in pieces (`LIVE`), as the monitor hears them, and diluted. `scoring` is what each
    model is asked of the calls that were left out for it: one answer for each call, under each name.
    `beside` are calls, and their table, that every model learns from too.
    """
    groups = [call.group for call in calls]
    if len(set(groups)) == 1:
        raise DataError(f"all {len(calls)} calls are of {groups[0]!r}; leaving authors out needs two or more")
    splits = list(GroupKFold(min(folds, len(set(groups)))).split(groups, groups=groups))

    def one(train: NDArray[np.int_], test: NDArray[np.int_]) -> dict[str, list[Any]]:
        learnt, table = [calls[int(i)] for i in train], tables[CLEAN].take(train)
        if beside is not None:
            learnt, table = [*learnt, *beside[0]], Table.join([table, beside[1]])
        fitted = fit(classifier, learnt, table)
        return scoring(
            fitted, [calls[int(i)] for i in test], {name: table.take(test) for name, table in tables.items()}
        )

    parts = list(Parallel()(delayed(one)(train, test) for train, test in splits))
    order = np.argsort(np.concatenate([test for _, test in splits]))
    rows = {name: [row for part in parts for row in part[name]] for name in tables}
    return {name: [found[position] for position in order] for name, found in rows.items()}


def types_left_out(classifier: ScamClassifier, calls: Sequence[LabelledCall], table: Table) -> dict[str, Measures]:
    """Recall on each scam type by a model that never saw a scam of that type."""
    types = np.array([call.scam_type or "" for call in calls])
    recipe = clone(classifier).set_params(live=False)

    def one(kind: str) -> Measures:
        others, own = np.flatnonzero(types != kind), np.flatnonzero(types == kind)
        fitted = fit(recipe, [calls[int(i)] for i in others], table.take(others), cues=False)
        return share(row.flagged for row in score(fitted, [calls[int(i)] for i in own], table.take(own), cues=False))

    own_types = sorted({*types} - {*SCAM_TYPES, ""})
    kinds = [
        kind
        for kind in (*SCAM_TYPES, *own_types)
        if kind in types and any(c.is_scam and c.scam_type != kind for c in calls)
    ]
    return dict(zip(kinds, Parallel()(delayed(one)(kind) for kind in kinds), strict=True))


def evaluate(
    classifier: ScamClassifier,
    calls: Sequence[LabelledCall],
    *,
    left_out: bool = False,
    live: bool = False,
    second: Sequence[LabelledCall] = (),
) -> tuple[dict[str, Any], list[Scored]]:
    """Measure a fitted classifier on calls, or, with `left_out`, its recipe on authors left out.

    Parameters
    ----------
    live : measure the monitor, too.
    second : calls as labelled by a second, blind reader; cues are also measured against these labels.

    Returns
    -------
    A dict with `measures` (`metrics.measure`), `failures`, `noise` (recall at 1 % false alarms in other
    spellings), `diluted` (`metrics.measure_diluted`) and, where asked for, `live` (`early_warning.measure_live`),
    `second_reader` (cues) and `types_left_out`; the scored calls.
    """
    spellings = {CLEAN: list(calls)} | {name: list(map(spoil, calls)) for name, spoil in SPELLINGS.items()}
    if live:
        spellings[LIVE] = [replace(call, call=call.call.in_pieces()) for call in calls]
    tables = {name: tokenise(spelt, classifier.lexicons) for name, spelt in spellings.items()}
    diluted = _dilute(calls)
    scored = (authors_left_out if left_out else score_variants)(classifier, calls, tables | diluted)
    result: dict[str, Any] = {
        "measures": measure(scored[CLEAN]),
        "failures": failures(scored[CLEAN]),
        "noise": {name: recall_at(scored[name], FALSE_ALARMS) for name in SPELLINGS},
        "diluted": {name: measure_diluted([row for row in scored[name] if row]) for name in diluted},
    }
    if live:
        result["live"] = measure_live(scored[LIVE])
    if reread := _against(second, scored[CLEAN]):
        result["second_reader"] = cue_measures(reread)
    if left_out and (by_type := types_left_out(classifier, calls, tables[CLEAN])):
        result["types_left_out"] = by_type
    return result, scored[CLEAN]


def _against(second: Sequence[LabelledCall], scored: Sequence[Scored]) -> list[Scored]:
    """The scored calls that a second reader has labelled, with the second reader's labels."""
    labelled = {call.call.id: call for call in second}
    return [replace(row, truth=labelled[row.truth.call.id]) for row in scored if row.truth.call.id in labelled]
