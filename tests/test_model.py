import shutil
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate

import scamtext
from scamtext import Call, DataError, ScamClassifier, Turn
from scamtext.calls import batches
from scamtext.cues.lexicon import LEXICONS
from scamtext.evaluation import evaluate
from scamtext.evaluation.evaluate import tokenise
from scamtext.labels import CUE_KINDS
from scamtext.persistence.model_folder import save
from scamtext.training.heads import fit_cues, values


def test_classes_and_shapes(fitted, few):
    calls = [c.call for c in few]
    proba = fitted.predict_proba(calls)
    assert list(fitted.classes_) == ["legit", "scam"]
    assert proba.shape == (len(few), 2)
    assert np.allclose(proba.sum(axis=1), 1)
    assert set(fitted.predict(calls)) == {"legit", "scam"}
    assert fitted.predict_proba([]).shape == (0, 2)


def test_batches_equal_one_by_one_and_keep_the_order(shipped, corpus):
    calls = [c.call for c in corpus[:150]]
    many = list(shipped.classify_many(iter(calls)))
    assert [v.call.id for v in many] == [c.id for c in calls]
    assert many == [shipped.classify(call) for call in calls]
    assert np.array_equal(shipped.predict_proba(calls)[:, 1], [v.probability for v in many])


def test_a_verdict_does_not_depend_on_the_normal_form(shipped, corpus):
    for item in corpus[:40]:
        text = item.call.text
        composed, decomposed = (shipped.classify(unicodedata.normalize(form, text)) for form in ("NFC", "NFD"))
        assert composed.probability == decomposed.probability
        assert [cue.kind for cue in composed.cues] == [cue.kind for cue in decomposed.cues]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "alo",
        "chuyển tiền ngay",
        "Please transfer the money to this account immediately",
        "😀" * 50,
        "\ud800",
    ],
)
def test_what_cannot_be_judged_is_unknown(shipped, text):
    verdict = shipped.classify(text)
    assert (verdict.label, verdict.risk, verdict.scam_type) == ("unknown", "low", None)
    assert verdict.reasons() != verdict.reasons("en")
    assert 0 <= verdict.probability <= 1


def test_classify_frame_keeps_the_index_and_judges_missing_text_unknown(shipped):
    frame = pd.DataFrame({"t": ["mẹ ơi chiều nay con về trễ nha mẹ", None, float("nan")]}, index=[5, 3, 9])
    result = shipped.classify_frame(frame, text="t")
    assert list(result.index) == [5, 3, 9]
    assert list(result["label"]) == ["legit", "unknown", "unknown"]
    assert str(result["label"].dtype) == "category"
    with pytest.raises(DataError, match="no column 'text'"):
        shipped.classify_frame(frame)
    assert list(shipped.classify_frame(frame[:0], text="t").columns) == list(result.columns)


def test_classify_frame_takes_turns(shipped, corpus):
    calls = [item.call for item in corpus[:60:20]]
    turns = [call.to_dict()["turns"] for call in calls]
    result = shipped.classify_frame(pd.DataFrame({"turns": [*turns, [], np.array(turns[0], dtype=object)]}), "turns")
    assert result["probability"].tolist()[:3] == [verdict.probability for verdict in shipped.classify_many(calls)]
    assert result["label"].tolist()[3:] == ["unknown", result["label"][0]]
    with pytest.raises(DataError, match="is not one of"):
        shipped.classify_frame(pd.DataFrame({"text": [[{"speaker": "x", "text": "alo"}]]}))


def test_a_learnt_cue_is_quoted_by_its_telling_words_not_by_the_whole_turn(shipped):
    call = (
        "dạ em chào anh ạ hôm trước em có gọi mà anh đang họp nên em gọi lại, trời nay mưa quá anh ha, "
        "anh nhìn giúp em dãy vừa hiện trên màn hình là bao nhiêu, rồi chiều em ghé anh uống cà phê nha"
    )
    quotes = [cue.text for cue in shipped.classify(call).cues if not cue.negated]
    assert quotes
    assert all(len(quote) < len(call) / 2 for quote in quotes)


def test_works_in_scikit_learn(few):
    calls, labels = [c.call.text for c in few], [c.label for c in few]
    scores = cross_validate(ScamClassifier(min_df=2, folds=2), calls, labels, cv=5, scoring="roc_auc")
    assert scores["test_score"].mean() > 0.6
    search = GridSearchCV(ScamClassifier(folds=2), {"C": [1.0, 10.0]}, cv=2).fit(calls[:40], labels[:40])
    assert search.best_params_["C"] in (1.0, 10.0)
    assert clone(ScamClassifier(C=3.0)).get_params()["C"] == 3.0


def test_a_search_hands_groups_to_fit(few, monkeypatch):
    met = []
    learn = ScamClassifier.fit
    monkeypatch.setattr(
        ScamClassifier, "fit", lambda self, X, y, groups=None: (met.append(groups), learn(self, X, y))[1]
    )
    calls, labels, groups = [c.call for c in few], [c.label for c in few], [c.group for c in few]
    search = GridSearchCV(ScamClassifier(folds=1, live=False), {"C": [1.0]}, cv=GroupKFold(2), refit=False)
    with config_context(enable_metadata_routing=True):
        search.fit(calls, labels, groups=groups)
    assert sorted(group for part in met for group in set(part)) == sorted(set(groups))


@pytest.mark.filterwarnings("ignore:'n_jobs' > 1 does not have any effect")  # scikit-learn 1.6, of liblinear
def test_folds_side_by_side_settle_the_same(fitted, few):
    with joblib.parallel_config("threading", n_jobs=2):
        again = evaluate.fit(ScamClassifier(folds=3), few, evaluate.tokenise(few))
    assert (again.threshold_, again.alert_threshold_) == (fitted.threshold_, fitted.alert_threshold_)
    assert np.array_equal(again.cue_thresholds_, fitted.cue_thresholds_)


def test_a_lexicon_of_ones_own_is_learnt_with_saved_and_used(few, tmp_path):
    lexicons = tmp_path / "phrases"
    shutil.copytree(LEXICONS, lexicons)
    (lexicons / "own.toml").write_text('kind = "threat"\n[[cue]]\nphrases = ["xoong nồi inox"]\n', encoding="utf-8")
    calls = [replace(c, cues=None) for c in few]
    recipe = ScamClassifier(folds=2, live=False, lexicons=lexicons)
    classifier = evaluate.fit(recipe, calls, evaluate.tokenise(calls, lexicons))
    text = "chị ơi hôm nay siêu thị bên mình có xoong nồi inox về rồi"
    assert [(cue.kind, cue.text) for cue in classifier.classify(text).cues] == [("threat", "xoong nồi inox")]
    assert "threat" not in {cue.kind for cue in scamtext.load().classify(text).cues}
    loaded = scamtext.load(save(classifier, tmp_path / "model"))
    assert loaded.classify(text) == classifier.classify(text)
    assert str(tmp_path) not in (tmp_path / "model" / "meta.json").read_text(encoding="utf-8")
    # What learns anew with its parameters has its phrases, too.
    assert clone(loaded).fit([c.call for c in few], [c.label for c in few]).classify(text).cues


def test_fitting_twice_gives_the_same_coefficients(fitted, few):
    again = clone(fitted).fit(
        [c.call for c in few],
        [c.label for c in few],
        [c.scam_type for c in few],
        [c.group for c in few],
        [c.cues for c in few],
    )
    assert np.array_equal(again.pipeline_["scam"].coef_, fitted.pipeline_["scam"].coef_)
    assert np.array_equal(again.type_head_.coef_, fitted.type_head_.coef_)
    for head, before in zip(again.cue_heads_, fitted.cue_heads_, strict=True):
        assert np.array_equal(head.coef_, before.coef_)
    assert again.threshold_ == fitted.threshold_
    assert np.array_equal(again.cue_thresholds_, fitted.cue_thresholds_)


def test_calibration_never_turns_the_ranking_round():
    # Twins in which each half contradicts the other: held-out scores rank scams below honest calls.
    texts = ["đỏ xanh chuyển tiền ngay", "đỏ vàng đi chơi nhé", "xanh tím đi chơi nhé", "vàng tím chuyển tiền ngay"] * 3
    labels = ["scam", "legit", "scam", "legit"] * 3
    groups = ["one", "one", "two", "two"] * 3
    assert ScamClassifier(min_df=1, folds=2).fit(texts, labels, groups=groups).slope_ > 0


def test_without_types_and_cues_the_lexicon_speaks_alone(few):
    plain = ScamClassifier(folds=2).fit([c.call for c in few], [c.label for c in few])
    assert (plain.type_head_, plain.cue_heads_) == (None, None)
    for item, verdict in zip(few, plain.classify_many(c.call for c in few), strict=True):
        assert verdict.scam_type is None
        reading = plain.scorer_.read([item.call])
        places = [(CUE_KINDS[f.kind], reading.tokens.start[f.first], f.negated) for f in reading.finds]
        assert [(cue.kind, cue.start, cue.negated) for cue in verdict.cues] == places


def test_cues_are_learnt_from_the_calls_whose_cues_are_known(few):
    half = [c.cues if number % 2 else None for number, c in enumerate(few)]
    model = ScamClassifier(folds=2).fit([c.call for c in few], [c.label for c in few], groups=None, cues=half)
    told = few[1::2]
    table = tokenise(told)
    features, turn_features = values(model.pipeline_, table.calls), values(model.pipeline_, table.turn_rows)
    alone = fit_cues(model.pipeline_, features, turn_features, [c.cues for c in told])
    for head, expected in zip(model.cue_heads_, alone, strict=True):
        assert np.array_equal(head.coef_, expected.coef_)


def test_cues_types_and_groups_must_fit_the_calls(few):
    calls, labels = [c.call for c in few], [c.label for c in few]
    with pytest.raises(DataError, match="sets of cues"):
        ScamClassifier().fit(calls, labels, cues=[None])
    with pytest.raises(DataError, match="call 0: cues of 99 turns"):
        ScamClassifier().fit(calls, labels, cues=[(frozenset(),) * 99] * len(calls))
    with pytest.raises(DataError, match="types"):
        ScamClassifier().fit(calls, labels, scam_type=["bank"])


def test_a_scam_without_a_type_teaches_no_type(few):
    types = ["bank" if c.scam_type == "bank" else "job" if c.scam_type == "job" else None for c in few]
    model = ScamClassifier(folds=2).fit([c.call for c in few], [c.label for c in few], scam_type=types)
    assert list(model.type_head_.classes_) == ["bank", "job"]


def test_a_call_without_turns_is_unknown_and_harms_no_other(fitted, few):
    empty, other = fitted.classify_many([Call(()), few[0].call])
    assert (empty.label, empty.cues) == ("unknown", ())
    assert other == fitted.classify(few[0].call)


def test_a_learnt_cue_stands_where_it_was_said():
    ask, talk = "anh đọc giúp em dãy vừa hiện lên màn hình", "hôm nay trời nắng quá đi chợ mua rau về nấu canh"
    asks = [i // 2 % 2 == 1 for i in range(40)]  # both labels in both folds
    calls = [Call((Turn(talk, "caller"), Turn(ask if asked else talk, "caller"))) for asked in asks]
    cues = [(frozenset(), frozenset({"credential_request"} if asked else ())) for asked in asks]
    model = ScamClassifier(min_df=2, folds=2).fit(calls, ["scam" if asked else "legit" for asked in asks], cues=cues)
    (cue,) = model.classify(calls[2]).cues  # and none of the kinds that no call had
    assert (cue.kind, cue.turn, cue.negated) == ("credential_request", 1, False)
    assert cue.text in ask
    assert model.classify(calls[0]).cues == ()


@pytest.mark.parametrize(
    ("labels", "message"),
    [(["scam"] * 3, "both present"), (["scam", "legit"], "3 calls but 2 labels"), ([1, 0, 1], "both present")],
)
def test_bad_labels_are_named(labels, message):
    with pytest.raises(DataError, match=message):
        ScamClassifier().fit(["một hai ba", "bốn năm", "sáu bảy"], labels)


def test_a_tiny_fit_still_works():
    texts = ["chuyển tiền ngay cho anh đi em", "chiều nay đi học về nhớ mua rau"] * 2
    tiny = ScamClassifier(min_df=1).fit(texts, ["scam", "legit"] * 2)
    assert list(tiny.predict(texts[:2])) == ["scam", "legit"]


def test_speakers_matter_to_the_reading(shipped):
    turns = [{"speaker": "caller", "text": "anh ơi"}, {"speaker": "callee", "text": "dạ tôi nghe đây"}]
    verdict = shipped.classify(Call.of({"id": "x", "turns": turns}))
    assert verdict.call.turns[1].speaker == "callee"


def test_arrays_and_series_of_labels_types_and_cues(few):
    calls = [c.call for c in few]
    types = pd.Series([c.scam_type if c.is_scam else float("nan") for c in few])
    cues = np.empty(len(few), dtype=object)
    cues[:] = [c.cues for c in few]
    labels = np.array([c.label for c in few])
    model = ScamClassifier(folds=2, live=False).fit(calls, labels, scam_type=types, cues=cues)
    assert "nan" not in model.type_head_.classes_
    plain = ScamClassifier(folds=2, live=False).fit(
        calls, labels.tolist(), [c.scam_type for c in few], None, list(cues)
    )
    assert np.array_equal(model.predict_proba(calls), plain.predict_proba(calls))


@pytest.mark.parametrize("several", ["alo mẹ đây", {"text": "alo"}, pd.DataFrame({"text": ["alo"]})])
def test_one_call_is_not_several(shipped, several):
    with pytest.raises(DataError, match="several calls"):
        shipped.predict(several)


def test_long_calls_make_short_batches(shipped, monkeypatch):
    texts = ["chuyển tiền ngay cho tôi nhé " * n for n in (1, 50, 3, 80, 2)]
    expected = shipped.predict_proba(texts)
    monkeypatch.setattr("scamtext.calls.BATCH_CHARACTERS", 100)
    assert np.array_equal(shipped.predict_proba(texts), expected)
    assert [len(batch) for batch in batches(texts)] == [2, 2, 1]


def test_threads_share_a_classifier(shipped, corpus):
    calls = [item.call for item in corpus[:80]]
    expected = shipped.predict_proba(calls)[:, 1].tolist()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda call: shipped.classify(call).probability, calls)) == expected


def test_the_heads_decide_which_finds_of_the_lexicon_are_told(shipped, corpus):
    calls = [item.call for item in corpus[:300]]
    reading = shipped.scorer_.read(calls)
    verdicts = list(shipped.classify_many(calls))
    told = untold = 0
    for find in reading.finds:
        call = int(reading.tokens.turn_call[find.turn])
        kinds = {cue.kind for cue in verdicts[call].cues if not cue.negated}
        told += not find.negated and CUE_KINDS[find.kind] in kinds
        untold += not find.negated and CUE_KINDS[find.kind] not in kinds
    assert told > untold > 0


def test_picked_calls_are_learnt_from_but_set_no_thresholds(few):
    calls, labels, authors = ([getattr(c, name) for c in few] for name in ("call", "label", "author"))
    wrong = [f"dạ con chuyển cho mẹ {number} triệu liền nha mẹ" for number in ("hai", "ba", "bốn", "năm")] * 5

    def fit(marks, extra=()):
        model = ScamClassifier(folds=2, live=False)
        groups = [*authors, *("reviewed" for _ in extra)]
        return model.fit([*calls, *extra], [*labels, *("legit" for _ in extra)], groups=groups, reviewed=marks)

    alone, marks = fit(None), [False] * len(few) + [True] * len(wrong)
    marked, counted = fit(marks, wrong), fit(None, wrong)
    assert marked.predict_proba(wrong)[0, 1] < alone.predict_proba(wrong)[0, 1]
    assert (marked.slope_, marked.intercept_) != (counted.slope_, counted.intercept_)
    assert fit([True] * len(few)).threshold_ == alone.threshold_  # where there is nothing else, they count
