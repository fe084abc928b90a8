"""Fitting: the heads of a classifier, and its calibration and thresholds on calls they had not seen."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scamtext.cues.lexicon import Lexicon
from scamtext.inference.scorer import CALL_CUES, LIVE_HEAD, SCAM_HEAD, TURN_CUES, TYPE_HEAD
from scamtext.training.compilation import compile_model
from scamtext.training.examples import Examples
from scamtext.training.heads import (
    count_syllables,
    fit_cues,
    fit_live,
    fit_pipeline,
    fit_types,
    values,
)

MIN_BEGINNING = 20  # syllables of a beginning that is learnt from; under that scams and honest calls are alike


class Heads(NamedTuple):
    """Everything linear that a classifier asks; None for what nothing was told of."""

    pipeline: Any
    types: Any
    cues: Any
    live: Any

    def compile(self, lexicon: Lexicon) -> dict[str, NDArray[Any]]:
        """Arrays for `scorer.Scorer`; `lexicon` is the one that they were fitted with."""
        call_cues, turn_cues = self.cues or (None, None)
        named = {
            SCAM_HEAD: self.pipeline["scam"],
            LIVE_HEAD: self.live,
            TYPE_HEAD: self.types,
            CALL_CUES: call_cues,
            TURN_CUES: turn_cues,
        }
        return compile_model(lexicon, self.pipeline, named)


def fit_heads(examples: Examples, C: float, min_df: int, *, types: bool = True, live: bool = True) -> Heads:
    """All heads on all examples; `types` and `live` say whether those two are wanted."""
    pipeline = fit_pipeline(examples.table.calls, examples.labels, examples.groups, C, min_df)
    return Heads(
        pipeline,
        _fit_types(pipeline, examples) if types else None,
        _fit_cues(pipeline, examples.take(examples.annotated)),
        _fit_live(pipeline, examples, C) if live else None,
    )


def _fit_types(pipeline: Any, examples: Examples) -> Any:
    typed = examples.take(examples.is_scam & np.array([kind is not None for kind in examples.types]))
    if len(set(typed.types)) <= 1:
        return None
    return fit_types(pipeline, values(pipeline, typed.table.calls), typed.types.astype(str))


def _fit_cues(pipeline: Any, annotated: Examples) -> Any:
    if not any(kinds for call in annotated.cues for kinds in call):
        return None
    return fit_cues(
        pipeline,
        values(pipeline, annotated.table.calls),
        values(pipeline, annotated.table.turn_rows),
        list(annotated.cues),
    )


def _fit_live(pipeline: Any, examples: Examples, C: float) -> Any:
    """From whole calls and one beginning of each, cut after a turn that chance picks."""
    random = np.random.default_rng(0)
    table = examples.table
    cut = np.array([random.integers(1, turns) if turns > 1 else turns for turns in table.sizes])
    rows = np.array([table.beginning(call, turns) for call, turns in enumerate(cut)])
    kept = np.flatnonzero((cut < table.sizes) & (count_syllables(rows) >= MIN_BEGINNING))
    learnt = np.concatenate([np.arange(len(table)), kept])
    features = values(pipeline, np.concatenate([table.calls, rows[kept]]))
    return fit_live(pipeline, features, examples.labels[learnt], examples.groups[learnt], C)
