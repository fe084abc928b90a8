"""Honest talk around an ask does not hide it; ordinary calls are judged as ever."""

import random
from dataclasses import replace

import numpy as np
import pytest

from scamtext import Call, Turn
from scamtext.evaluation.dilution import PADDING, PHRASES, dilutions, phrases, reassuring
from scamtext.features.columns import APART, LONG, WINDOWS
from scamtext.features.table import Table
from scamtext.inference import scorer as scorer_module
from scamtext.inference.scorer import SCAM_HEAD, TYPE_HEAD
from scamtext.inference.windows import CHANCE, NEAR
from scamtext.labels import PLAIN_KINDS
from scamtext.training.heads import decide_windowed

SCAMS = 40


@pytest.fixture(scope="module")
def scams(corpus):
    return [item for item in corpus if item.is_scam][:: len(corpus) // 2 // SCAMS]


@pytest.fixture(scope="module")
def long_calls(corpus, scams):
    """Each scam after honest talk, before it, and both as one text with signs that take two places in it."""
    ways = dilutions(corpus)
    padded = [ways[name](item).call for item in scams[:4] for name in ("after honest talk", "before honest talk")]
    return [*padded, *(Call((Turn("🙂👍 " + call.text.replace(". ", ". 😀 ").upper()),)) for call in padded)]


def of_size(size):
    return Call((Turn(" ".join(["chào"] * size)),))


def test_every_place_of_a_long_call_is_in_a_window(shipped):
    scorer = shipped.scorer_
    sizes = [LONG, LONG + 1, LONG + APART, LONG + 97, 20 * LONG + 45, 3]
    reading = scorer.read([of_size(size) for size in sizes])
    places = reading.places()
    assert set(places.call.tolist()) == {1, 2, 3, 4}
    assert np.array_equal(places.last - places.first, np.tile(WINDOWS, (len(places.call), 1)))
    ends = np.cumsum(sizes)
    for number in set(places.call.tolist()):
        own = places.call == number
        assert own.sum() == sizes[number] // APART  # so that the work grows as the call does
        for first, last in zip(places.first[own].T, places.last[own].T, strict=True):
            assert (first[0], last[-1]) == (first.min(), last.max())
            assert first.min() >= ends[number] - sizes[number]
            assert last.max() <= ends[number]
            assert (first[1:] <= last[:-1]).all()  # no gap between windows of a length
        assert (places.first[own].min(), places.last[own].max()) == (ends[number] - sizes[number], ends[number])


def test_an_ordinary_call_is_judged_as_a_whole(shipped, corpus):
    calls = [item.call for item in corpus[::40]]
    scorer = shipped.scorer_
    reading = scorer.read(calls)
    values, grams = scorer.values(reading)
    whole = scorer.decide(values, SCAM_HEAD)[:, 0]
    is_long = reading.tokens.counts()[0] > LONG
    assert is_long.any()  # and more of them are not
    verdicts = list(shipped.classify_many(calls))
    for number in np.flatnonzero(~is_long):
        assert verdicts[number].logit == whole[number]
    assert all(verdicts[number].logit >= whole[number] for number in np.flatnonzero(is_long))
    short = scorer.read([calls[number] for number in np.flatnonzero(~is_long)])
    values, grams = scorer.values(short)
    decision = scorer.decide_windowed(short, values, grams)
    assert decision.values is values
    assert decision.grams is grams


def test_a_long_call_changes_nothing_about_its_neighbours(shipped, corpus, long_calls):
    calls = [item.call for item in corpus[:6]]
    together = list(shipped.classify_many([calls[0], long_calls[0], *calls[1:4], long_calls[-1], *calls[4:]]))
    alone = list(shipped.classify_many(calls))
    assert [verdict.to_dict() for n, verdict in enumerate(together) if n not in (1, 5)] == [
        verdict.to_dict() for verdict in alone
    ]


def test_evidence_of_a_long_call_quotes_it_and_adds_up(shipped, long_calls):
    for call, verdict in zip(long_calls, shipped.classify_many(long_calls), strict=True):
        for item in (*verdict.cues, *verdict.evidence):
            assert call.turns[item.turn].text[item.start : item.end] == item.text
        total = verdict.bias + verdict.other + sum(item.weight for item in verdict.evidence)
        assert abs(total - verdict.logit) < 1e-6


def test_what_speaks_for_a_scam_is_quoted_from_where_it_is(shipped, corpus, scams):
    after = dilutions(corpus)["after honest talk"]
    told = 0
    for item in scams[:10]:
        padded = after(item).call
        verdict = shipped.classify(padded)
        ask = len(padded.turns) - len(item.call.turns)
        weighed = [part for part in verdict.evidence if part.weight]
        apart = sum(padded.turns[number].text.count(" ") + 1 for number in range(ask))
        assert apart >= PADDING
        if verdict.risk == "high":
            told += 1
            near = [part for part in weighed if part.turn >= ask]
            assert sum(part.weight for part in near) > 0.5 * sum(abs(part.weight) for part in weighed)
    assert told >= 5


def test_a_passage_says_the_mean_of_its_windows(shipped, long_calls):
    """By hand: each window as columns of a call of its own."""
    scorer = shipped.scorer_
    call = long_calls[0]
    reading = scorer.read([call])
    places = reading.places()
    cut = next(reading.cut(places, len(places.call)))
    said = scorer.decide(scorer._weigh(cut, None, places.first.size)[0], SCAM_HEAD)[:, 0]
    in_row = NEAR * len(WINDOWS)
    means = [said[start : start + in_row].mean() for start in range(0, len(said) - in_row + 1, len(WINDOWS))]
    assert shipped.classify(call).logit == pytest.approx(max(means) - CHANCE * np.log(len(means)), abs=1e-9)
    # a window is read like a call of its syllables alone
    first, last = places.first[3, 0], places.last[3, 0]
    tokens = reading.tokens
    turns = []
    for number in range(tokens.turn[first], tokens.turn[last - 1] + 1):
        a, b = max(first, tokens.first[number]), min(last, tokens.first[number + 1])
        turn = call.turns[number]
        turns.append(replace(turn, text=turn.text[tokens.start[a] : tokens.end[b - 1]]))
    alone = scorer.read([Call(tuple(turns))])
    cells = cut["ending"]
    assert np.array_equal(cells.form[cells.turn == 3 * len(WINDOWS)], alone.columns["ending"].form)
    for name in ("syllables", "caller", "callee"):
        cells = cut[name]
        assert np.array_equal(cells.form[cells.turn == 3 * len(WINDOWS)], alone.columns[name].form)


@pytest.mark.parametrize("seed", range(6))
def test_running_sums_say_of_each_window_what_its_values_say(shipped, corpus, seed):
    dice = random.Random(seed)
    words = [word for item in corpus[seed::500] for word in item.call.text.split()]
    words += ["😀", "...", "t.i.ề.n", "\u200b", "0901234567", "https://a.b", "ng", "x" * 40, "Ừ!"] * 20
    calls = []
    for _ in range(8):
        turns = [" ".join(dice.choices(words, k=dice.choice((0, 1, 3, 20, 200)))) for _ in range(40)]
        calls.append(Call(tuple(Turn(text, dice.choice(("caller", "callee", None))) for text in turns)))
    scorer = shipped.scorer_
    reading = scorer.read(calls)
    places = reading.places()
    assert len(places.call)
    cut = next(reading.cut(places, len(places.call)))
    told = scorer.decide(scorer._weigh(cut, None, places.first.size)[0], SCAM_HEAD)[:, 0]
    assert scorer._window_logits(reading, places).ravel() == pytest.approx(told, abs=1e-9)


def test_a_very_long_call_is_weighed_part_by_part(shipped, long_calls, monkeypatch):
    whole = [verdict.to_dict() for verdict in shipped.classify_many(long_calls)]
    monkeypatch.setattr(scorer_module, "AT_ONCE", 5)
    assert [verdict.to_dict() for verdict in shipped.classify_many(long_calls)] == whole


def test_scikit_learn_and_the_arrays_focus_alike(shipped, corpus, long_calls):
    calls = [*(item.call for item in corpus[::300]), *long_calls[::3]]
    scorer = shipped.scorer_
    reading = scorer.read(calls)
    decision = scorer.decide_windowed(reading, *scorer.values(reading))
    features, logits = decide_windowed(shipped.pipeline_, Table.of(calls, shipped.lexicon_))
    assert np.allclose(decision.logits, logits, atol=1e-9)
    assert np.allclose(
        scorer.decide(decision.values, TYPE_HEAD), shipped.type_head_.decision_function(features), atol=1e-9
    )
    assert np.array_equal(shipped.predict_proba(calls)[:, 1], shipped.calibrate(decision.logits))
    assert [v.probability for v in shipped.classify_many(calls)] == shipped.predict_proba(calls)[:, 1].tolist()
    assert (decision.surcharge > 0).any()
    assert (decision.logits + decision.surcharge)[decision.surcharge > 0] == pytest.approx(
        scorer.decide(decision.values, SCAM_HEAD)[decision.surcharge > 0, 0]
    )


def test_most_padded_scams_are_caught_and_long_honest_calls_are_not(shipped, corpus, scams):
    ways = dilutions(corpus)
    for name in ("after honest talk", "before honest talk"):
        padded = [ways[name](item).call for item in scams]
        scorer = shipped.scorer_
        reading = scorer.read(padded)
        whole = shipped.calibrate(scorer.decide(scorer.values(reading)[0], SCAM_HEAD)[:, 0])
        assert (whole >= shipped.threshold_).mean() < 0.1  # honest talk does dilute
        assert (shipped.predict(padded) == "scam").mean() > 0.6
    honest = [item for item in corpus if item.legit_kind in PLAIN_KINDS][::60]
    flagged = shipped.predict([ways["after honest talk"](item).call for item in honest]) == "scam"
    assert flagged.mean() <= 0.05


def test_a_monitor_ends_with_the_verdict_on_the_whole(shipped, long_calls):
    monitor = shipped.monitor(long_calls[0].id)
    for turn in long_calls[0].turns:
        verdict = monitor.update(turn)
    assert verdict.to_dict() == shipped.classify(long_calls[0]).to_dict()


def test_padding_is_talk_of_others(corpus):
    item = next(item for item in corpus if item.is_scam and len(item.call.turns) > 3)
    ways = dilutions(corpus)
    after, before = ways["after honest talk"](item), ways["before honest talk"](item)
    size = len(item.call.turns)
    assert after.call.turns[-size:] == before.call.turns[:size] == item.call.turns
    assert after.call.turns[:-size] == before.call.turns[size:]
    others = {turn: call for call in corpus for turn in call.call.turns}
    spoken = [others[turn] for turn in after.call.turns[:-size]]
    assert {call.legit_kind for call in spoken} <= set(PLAIN_KINDS)
    assert item.author not in {call.author for call in spoken}
    assert PADDING <= sum(len(turn.text.split()) for turn in after.call.turns[:-size]) < PADDING + 1000
    assert (after.label, after.scam_type, after.cues) == (item.label, item.scam_type, None)
    assert after == ways["after honest talk"](item)
    alone = dilutions([item])["after honest talk"](item)
    assert alone.call == item.call


def test_phrases_of_safety_are_said_by_the_caller(corpus):
    for item in random.Random(0).sample(corpus, 50):
        calmed = reassuring(item)
        pairs = list(zip(item.call.turns, calmed.call.turns, strict=True))
        assert all(new.text.startswith(old.text) and new.speaker == old.speaker for old, new in pairs)
        added = " ".join(new.text[len(old.text) :] for old, new in pairs)
        assert sum(phrase in added for phrase in phrases()) == PHRASES
        if any(old.speaker == "caller" for old, _ in pairs):
            assert all(new.text == old.text for old, new in pairs if old.speaker == "callee")
        assert calmed.cues == item.cues
    assert len(set(phrases())) >= 12
