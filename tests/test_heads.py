"""Scales: what many authors share counts more than what one author repeats; folding keeps the model plain."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from scamtext.inference.cue_spans import detect_cues
from scamtext.inference.scorer import CERTAIN
from scamtext.training.heads import LEAST_SCALE, best_thresholds, class_scales, fit_scaled

# Six scam rows of three authors, six honest ones of the same three. Columns: in two scam calls of
# two authors; in two of one author; everywhere; in nothing.
AUTHORS = np.repeat(["a", "b", "c"], 4)
SCAM = np.tile([True, True, False, False], 3)
VALUES = sparse.csr_matrix(
    np.column_stack(
        [SCAM & (np.arange(12) % 4 == 0) & (np.arange(12) < 8), SCAM & (AUTHORS == "a"), np.ones(12), np.zeros(12)]
    )
    * 0.5
)


def test_scales_by_hand():
    scales = class_scales(VALUES, SCAM, AUTHORS)
    # (authors with it + 1) / (authors + 2), in scam and in honest calls
    assert scales == pytest.approx(LEAST_SCALE + np.abs(np.log([3 / 1, 2 / 1, 4 / 4, 1 / 1])))


def test_scales_of_single_calls_count_calls():
    scales = class_scales(VALUES, SCAM, np.arange(12))
    assert scales[:2] == pytest.approx([LEAST_SCALE + np.log(3)] * 2)


def test_folded_coefficients_give_the_same_scores_and_zero_leaves_out():
    scales = np.array([2.0, 0.0, 0.5, 1.0])
    plain = LogisticRegression(C=1).fit(VALUES.toarray() * scales, SCAM)
    folded = fit_scaled(LogisticRegression(C=1), VALUES, SCAM, scales)
    assert folded.coef_[0, 1] == 0
    assert folded.decision_function(VALUES) == pytest.approx(
        plain.decision_function(VALUES.toarray() * scales), abs=1e-4
    )


def test_the_best_threshold_by_hand():
    scores = np.array([[0.9], [0.8], [0.3], [0.1]])
    assert best_thresholds(scores, np.array([[True], [True], [False], [False]])) == [0.8]
    assert best_thresholds(scores, np.array([[True], [False], [True], [True]])) == [0.1]
    assert best_thresholds(scores, np.zeros((4, 1), bool)) == [CERTAIN]  # never told of any call


def test_a_call_that_has_a_cue_tells_it_of_its_strongest_turn_and_of_clear_ones():
    turns = np.array([[0.1, 5.0], [0.4, 1.0], [0.9, 4.0]])
    one = np.zeros(len(turns), dtype=int)
    told = detect_cues(np.array([[1.0, 1.0]]), turns, one, np.array([[1.5, 1.5], [2.0, 3.0]]))
    assert np.argwhere(told).tolist() == [[0, 1], [2, 0], [2, 1]]
    told = detect_cues(np.array([[-9.0, 1.0]]), turns, one, np.array([[0.5, 0.5], [0.0, 9.0]]))
    assert np.argwhere(told).tolist() == [[0, 1]]
    # Two calls, the first of which has no turn.
    told = detect_cues(np.array([[9.0, 9.0], [1.0, -9.0]]), turns, one + 1, np.array([[1.5, 1.5], [9.0, 9.0]]))
    assert np.argwhere(told).tolist() == [[2, 0]]
