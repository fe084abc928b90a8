"""The compiled model says what scikit-learn says, to the last bit."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from scamtext import Call, Turn
from scamtext.cues.lexicon import Lexicon, with_few_gaps
from scamtext.cues.matcher import Automaton, compile_automaton
from scamtext.features.columns import COLUMNS
from scamtext.features.table import Table
from scamtext.inference.cue_spans import detect_cues
from scamtext.inference.scorer import CALL_CUES, SCAM_HEAD, TYPE_HEAD, live_scores
from scamtext.text.trie import pack, step
from scamtext.training.heads import (
    class_scales,
    count_syllables,
    cue_scores,
    fit_live,
    fit_pipeline,
    fit_scaled,
    values,
)

ODD = [Call(()), Call((Turn(""),)), Call((Turn("xyz qwrt"), Turn("", "callee")))]


@pytest.fixture(scope="module", params=["shipped", "fitted"])
def asked(request, corpus):
    """A classifier, calls, and what scikit-learn makes of them: rows and values."""
    classifier = request.getfixturevalue(request.param)
    calls = [*(item.call for item in corpus[:: 12 if request.param == "shipped" else 90]), *ODD]
    table = Table.of(calls, classifier.lexicon_)
    return classifier, calls, table, values(classifier.pipeline_, table.calls)


def read(classifier, calls):
    scorer = classifier.scorer_
    reading = scorer.read(calls)
    return scorer, reading, scorer.values(reading)[0]


def test_values_are_those_of_the_pipeline(asked):
    classifier, calls, _, features = asked
    _, _, found = read(classifier, calls)
    order = np.argsort(found.text, kind="stable")  # they lie by family first
    assert np.array_equal(found.feature[order], features.indices)
    assert np.array_equal(found.value[order], features.data)
    assert np.array_equal(np.bincount(found.text, minlength=len(calls)), np.diff(features.indptr))


def test_heads_decide_alike(asked):
    classifier, calls, table, features = asked
    scorer, _, found = read(classifier, calls)
    logits = classifier.pipeline_["scam"].decision_function(features)
    assert np.array_equal(scorer.decide(found, SCAM_HEAD)[:, 0], logits)
    assert np.array_equal(scorer.decide(found, TYPE_HEAD), classifier.type_head_.decision_function(features))
    assert scorer.types(found) == classifier.type_head_.predict(features).tolist()
    live = live_scores(classifier.live_head_.decision_function(features), count_syllables(table.calls))
    assert np.array_equal(scorer.live_scores(found, count_syllables(table.calls)), live)
    is_whole = np.array([len(windows) == 0 for windows in table.windows])  # of the others test_padding tells
    assert np.array_equal(classifier.predict_proba(calls)[is_whole, 1], classifier.calibrate(logits)[is_whole])


def test_cues_are_heard_alike(asked):
    classifier, calls, table, features = asked
    scorer, reading, found = read(classifier, calls)
    spoken = [number for number, call in enumerate(calls) if call.turns]
    turn_values, _ = scorer.values(reading, by_turn=True)
    turn_rows = np.concatenate([table.turns[number] for number in spoken])
    turn_rows[:, [not column.turn for column in COLUMNS.values()]] = "^"
    sizes = [len(table.turns[number]) for number in spoken]
    by_call, by_turn = cue_scores(
        classifier.cue_heads_, features[spoken], values(classifier.pipeline_, turn_rows), sizes
    )
    assert np.array_equal(scorer.turn_cues(turn_values), np.vstack(by_turn))
    told = detect_cues(
        scorer.decide(found, CALL_CUES), np.vstack(by_turn), reading.tokens.turn_call, classifier.cue_thresholds_
    )
    least, clear = classifier.cue_thresholds_
    for call, turns, rows in zip(by_call, by_turn, np.split(told, np.cumsum(sizes)[:-1]), strict=True):
        expected = turns >= clear
        expected[turns.argmax(axis=0), np.arange(turns.shape[1])] = True
        assert np.array_equal(rows, expected & (call >= least))


def test_a_trie_finds_its_children_and_no_others():
    random = np.random.default_rng(0)
    children = {
        parent: {int(label): int(random.integers(1, 99)) for label in random.choice(50, size, replace=False)}
        for parent, size in enumerate(random.integers(1, 30, 200), 1)
    }
    children |= {parent: {int(random.integers(50)): 7} for parent in range(201, 900)}
    packed = pack(children, 1000, 50)
    nodes, labels = map(np.ravel, np.meshgrid(np.arange(1000), np.arange(50), indexing="ij"))
    found, rows = step((packed["base"], packed["owner"], packed["row"]), nodes, labels)
    got = {(n, c): r for n, c, r in zip(nodes[found].tolist(), labels[found].tolist(), rows.tolist(), strict=True)}
    assert got == {(parent, label): row for parent, own in children.items() for label, row in own.items()}


def naive(row, syllables, start):
    """Where a phrase that begins at `start` may end."""
    ends = {start}
    for item in row:
        if isinstance(item, int):
            ends = {end + skip for end in ends for skip in range(item + 1)}
        else:
            ends = {end + 1 for end in ends if end < len(syllables) and syllables[end] == item}
    return ends


@given(
    st.lists(
        st.lists(st.sampled_from("abc") | st.integers(1, 3), max_size=3).map(lambda row: ["a", *row, "b"]),
        min_size=1,
        max_size=5,
    ),
    st.lists(st.lists(st.sampled_from("abcd"), max_size=9), max_size=4),
)
def test_the_automaton_finds_every_phrase(rows, turns):
    automaton = Automaton(compile_automaton((with_few_gaps(tuple(row)), number) for number, row in enumerate(rows)))
    ids = np.array([automaton.numbers.get(s, 0) for turn in turns for s in turn], dtype=int)
    sizes = list(map(len, turns))
    bounds = np.cumsum([0, *sizes])
    found = automaton.find(ids, np.repeat(bounds[1:], sizes))
    expected = {
        (number, int(offset) + start, int(offset) + end)
        for number, row in enumerate(rows)
        for turn, offset in zip(turns, bounds, strict=False)
        for start in range(len(turn))
        for end in naive(row, turn, start)
    }
    assert set(zip(*(array.tolist() for array in found), strict=True)) == expected


def test_the_shipped_arrays_are_compiled_from_the_package_lexicons(shipped):
    for name, array in Lexicon.of().compile().items():
        assert np.array_equal(shipped.scorer_.arrays[name], array), "run make train"


def test_a_pickled_scorer_is_the_same(fitted, few):
    again = pickle.loads(pickle.dumps(fitted.scorer_))
    calls = [item.call for item in few[:9]]
    one, other = read(fitted, calls)[2], again.values(again.read(calls))[0]
    assert np.array_equal(one.feature, other.feature)
    assert np.array_equal(one.value, other.value)


def test_the_live_head_is_the_mean_of_two(few):
    table = Table.of([item.call for item in few], Lexicon.of())
    labels, groups = np.array([item.label for item in few]), np.array([item.group for item in few])
    pipeline = fit_pipeline(table.calls, labels, groups, 10.0, 4)
    features = values(pipeline, table.calls)
    live = fit_live(pipeline, features, labels, groups, 10.0)  # of the same calls: the same head twice
    assert np.allclose(live.coef_, pipeline["scam"].coef_, atol=1e-6)
    other = fit_live(pipeline, features[::2], labels[::2], groups[::2], 10.0)
    alone = fit_scaled(
        LogisticRegression(C=10.0, max_iter=1000),
        features[::2],
        labels[::2],
        class_scales(features[::2], labels[::2] == "scam", groups[::2]),
    )
    assert np.allclose(other.coef_, (alone.coef_ + pipeline["scam"].coef_) / 2, atol=1e-6)
    assert not np.allclose(other.coef_, alone.coef_, atol=1e-3)
