import numpy as np
import pandas as pd
import pytest

from scamtext import Call
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.metrics import Scored, share
from scamtext.evaluation.plots import bars, heat_map, histograms, intervals, learning, reliability, trade

figure = pytest.importorskip("matplotlib.figure", reason="pip install scamtext[notebooks] to test the plots")


@pytest.fixture
def axis():
    return figure.Figure().subplots()


def texts(axis):
    return [text.get_text() for text in axis.texts]


def test_bars_have_their_numbers_and_differ_by_hatch(axis):
    bars(axis, pd.DataFrame({"scam": [3, 7], "honest": [5, 2]}, index=["asr", "nodia"]), "title")
    assert texts(axis) == ["3", "7", "5", "2"]
    assert {bar.get_hatch() for bar in axis.patches} == {None, "///"}
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["asr", "nodia"]


def test_numbers_on_a_heat_map_are_white_where_it_is_dark(axis):
    shares = pd.DataFrame({"a": [0.9, 0.1], "b": [np.nan, 0.5]}, index=["x", "y"])
    heat_map(axis, shares, "title", pd.DataFrame({"a": [4, 5], "b": [0, 6]}))
    assert texts(axis) == ["90%\n4", "-", "10%\n5", "50%\n6"]
    assert [text.get_color() for text in axis.texts] == ["white", "black", "black", "black"]


def test_histograms_name_their_medians(axis):
    histograms(axis, {"scam": [1, 2, 9], "honest": [4, 5, 6]}, "title", "syllables")
    assert {text.get_text() for text in axis.get_legend().get_texts()} == {"scam, median 2", "honest, median 5"}


def test_intervals_say_how_many(axis):
    intervals(axis, {"police": share([True, False, False]), "chat": share([False])}, "title", "share")
    assert [tick.get_text() for tick in axis.get_yticklabels()] == ["police (1 of 3)", "chat (0 of 1)"]


def test_the_trade_ends_where_all_are_flagged_and_marks_the_models_own_threshold(axis):
    calls = [LabelledCall(Call.of("alo"), label) for label in ("scam", "scam", "legit", "legit")]
    told = zip(calls, (0.9, 0.4, 0.6, 0.1), (True, False, False, False), strict=True)
    trade(axis, [Scored(call, probability, flagged, None) for call, probability, flagged in told], "title")
    line, own = axis.lines
    assert list(zip(*line.get_data(), strict=True)) == [(0, 50), (50, 50), (50, 100), (100, 100), (100, 100)]
    assert list(zip(*own.get_data(), strict=True)) == [(0, 50)]


def test_the_curve_shows_every_point(axis):
    learning(axis, [{"calls": 100, "auc": 0.9}, {"calls": 200, "auc": 0.95}], "auc", "title", "ROC-AUC")
    assert texts(axis) == ["0.900", "0.950"]
    assert [tick.get_text() for tick in axis.get_xticklabels()] == ["100", "200"]


def test_reliability_counts_the_calls_of_a_bin(axis):
    reliability(axis, [{"said": 0.1, **share([False] * 8)}, {"said": 0.9, **share([True] * 3)}], "title")
    assert texts(axis) == ["8", "3"]
