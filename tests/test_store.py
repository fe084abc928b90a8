import io
import json
import os
import pickle
import re
import warnings
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest

import scamtext
from scamtext import ModelError, ModelWarning, ScamClassifier, Verdict
from scamtext.cues.lexicon import LEXICONS
from scamtext.evaluation.evaluate import fit, tokenise
from scamtext.persistence.model_card import write_card
from scamtext.persistence.model_folder import DEFAULT, FORMAT, load, save, shipped
from scamtext.training.heads import values

MODELS = Path(__file__).parent / "models"


@pytest.fixture
def folder(fitted, tmp_path):
    return save(fitted, tmp_path / "model")


def test_a_saved_model_answers_the_same(folder, fitted, few):
    calls = [c.call for c in few]
    loaded = scamtext.load(folder)
    assert np.array_equal(loaded.predict_proba(calls), fitted.predict_proba(calls))
    assert list(loaded.classify_many(calls)) == list(fitted.classify_many(calls))
    assert loaded.get_params() == {**fitted.get_params(), "lexicons": str(folder / "lexicons")}


def test_saving_replaces_the_model_and_nothing_else(folder, fitted, few, tmp_path):
    other = fit(ScamClassifier(folds=2, C=1.0, live=False), few[:60], tokenise(few[:60]))
    (folder / "mine.png").write_bytes(b"x")
    save(other, folder)
    calls = [c.call for c in few]
    assert np.array_equal(load(folder).predict_proba(calls), other.predict_proba(calls))
    assert not np.array_equal(other.predict_proba(calls), fitted.predict_proba(calls))
    assert (folder / "mine.png").is_file()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.txt").write_text("x", encoding="utf-8")
    with pytest.raises(ModelError, match="holds no model"):
        save(fitted, tmp_path / "pictures")


def test_a_loaded_model_can_be_saved_again(folder, fitted, few, tmp_path):
    calls = [c.call for c in few]
    again = load(save(load(folder), tmp_path / "again"))
    save(again, tmp_path / "again")  # over itself
    assert list(load(tmp_path / "again").classify_many(calls)) == list(fitted.classify_many(calls))
    assert {p.name for p in (tmp_path / "again" / "lexicons").iterdir()} == {p.name for p in LEXICONS.glob("*.toml")}


def test_joblib_round_trip_needs_trust(fitted, few, tmp_path):
    path = tmp_path / "model.joblib"
    joblib.dump(fitted, path)
    with pytest.raises(ModelError, match="trusted=True"):
        scamtext.load(path)
    calls = [c.call for c in few]
    assert np.array_equal(scamtext.load(path, trusted=True).predict_proba(calls), fitted.predict_proba(calls))
    joblib.dump([1], path)
    with pytest.raises(ModelError, match="holds a list"):
        scamtext.load(path, trusted=True)


def test_a_changed_file_is_refused(folder):
    path = folder / "compiled.npz"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="sha256"):
        load(folder)


def test_the_heads_come_back_from_the_arrays(fitted, folder):
    loaded = load(folder)
    for (name, before, _), (same, after, _) in zip(
        fitted.pipeline_["columns"].transformers_, loaded.pipeline_["columns"].transformers_, strict=True
    ):
        assert (name, before.vocabulary_, before.get_params()) == (same, after.vocabulary_, after.get_params())
        assert np.array_equal(before.idf_, after.idf_)
    assert fitted.pipeline_["columns"].output_indices_ == loaded.pipeline_["columns"].output_indices_
    rows = np.full((1, len(fitted.pipeline_["columns"].transformers_)), "tài khoản của chị", dtype=object)
    assert loaded.pipeline_["columns"].transform(rows).nnz
    assert (values(fitted.pipeline_, rows) != values(loaded.pipeline_, rows)).nnz == 0
    for before, after in zip(all_heads(fitted), all_heads(loaded), strict=True):
        assert before.get_params() == after.get_params()
        for name in ("coef_", "intercept_", "classes_"):
            assert np.array_equal(getattr(before, name), getattr(after, name))


def all_heads(classifier):
    return [classifier.pipeline_["scam"], classifier.type_head_, *classifier.cue_heads_, classifier.live_head_]


def test_heads_that_cannot_be_restored_are_refused(folder):
    with np.load(folder / "compiled.npz") as arrays:
        broken = dict(arrays) | {"two_owner": np.full_like(arrays["two_owner"], -1)}  # no pairs
    content = io.BytesIO()
    np.savez(content, **broken)
    _replace(folder, "compiled.npz", content.getvalue())
    with pytest.raises(ModelError, match=r"refused.*copy the model again"):
        load(folder).heads_  # noqa: B018


class Trap:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (self.mark,)


def traps(mark):
    """Files that leave a mark if what they hold is run: their name in a model folder, and their content."""
    pickled = pickle.dumps(Trap(mark))
    inside = io.BytesIO()
    np.savez(inside, idf=np.array([Trap(mark)], dtype=object))
    return {
        "a pickle": ("compiled.npz", pickled),
        "a pickle in an array": ("compiled.npz", inside.getvalue()),
    }


@pytest.mark.parametrize("trap", traps(""))
def test_what_is_planted_is_refused_and_not_run(folder, tmp_path, trap):
    mark = tmp_path / "mark"
    _replace(folder, *traps(str(mark))[trap])
    with pytest.raises(ModelError, match=r"refused.*copy the model again"):
        load(folder).heads_  # noqa: B018
    assert not mark.exists()


def test_a_planted_joblib_file_is_not_run_but_by_who_trusts_it(tmp_path):
    mark = tmp_path / "mark"
    joblib.dump(Trap(str(mark)), tmp_path / "model.joblib")
    with pytest.raises(ModelError, match="can run code"):
        load(tmp_path / "model.joblib")
    assert not mark.exists()
    with pytest.raises(ModelError, match="holds a NoneType"):
        load(tmp_path / "model.joblib", trusted=True)
    assert mark.exists()  # so the traps do work


def test_damage_is_refused_even_with_a_matching_digest(folder):
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for content in (b"not a zip file", empty.getvalue()):
        _replace(folder, "compiled.npz", content)
        with pytest.raises(ModelError, match="refused"):
            load(folder)


def _replace(folder, name, content):
    import hashlib

    (folder / name).write_bytes(content)
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    meta["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ('{"format": 99}', "format 99, this release reads .*; update scamtext or retrain"),
        ("{", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
    ],
)
def test_a_newer_or_damaged_meta_is_refused(folder, meta, message):
    (folder / "meta.json").write_text(meta, encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        scamtext.load(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sha256", None),
        ("sha256", ["x"]),
        ("versions", {}),
        ("parameters", {"D": 1}),
        ("parameters", []),
        ("fitted", {}),
        ("fitted", None),
        ("threshold_", "x"),
        ("threshold_", float("nan")),
        ("cue_thresholds_", [[1.0], [2.0, 3.0]]),
        ("cue_thresholds_", 1.0),
    ],
)
def test_damage_in_meta_is_named(folder, field, value):
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    (meta if field in meta else meta["fitted"])[field] = value
    (folder / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    with pytest.raises(ModelError, match=r"meta\.json: damaged"):
        load(folder)


@pytest.mark.parametrize("name", ["idf", "columns", "scam_coefficients", "turn_cues_intercepts", "type_features"])
def test_arrays_that_do_not_belong_together_are_refused(folder, name):
    arrays = dict(np.load(folder / "compiled.npz"))
    arrays[name] = arrays[name][..., :-1]
    content = io.BytesIO()
    np.savez(content, **arrays)
    _replace(folder, "compiled.npz", content.getvalue())
    with pytest.raises(ModelError, match="refused"):
        load(folder)


def test_a_changed_or_missing_lexicon_is_refused(folder):
    path = folder / "lexicons" / "threat.toml"
    content = path.read_text(encoding="utf-8")
    path.write_text(content + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"threat\.toml: sha256"):
        load(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"threat\.toml"):
        load(folder)


def change_meta(folder, **fields):
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    (folder / "meta.json").write_text(json.dumps({**meta, **fields}), encoding="utf-8")
    return meta


def test_other_versions_are_warned_of(folder, fitted, few):
    calls = [c.call for c in few]
    versions = change_meta(folder)["versions"]
    change_meta(folder, versions={**versions, "scikit-learn": "1.2.3", "underthesea": versions["underthesea"] + ".9"})
    loaded = load(folder)  # who only predicts is not bothered about scikit-learn, nor about the last number
    assert np.array_equal(loaded.predict_proba(calls), fitted.predict_proba(calls))
    with pytest.warns(ModelWarning, match=r"scikit-learn 1\.2\.3.*retrain with `scamtext train`, or install") as told:
        loaded.heads_  # noqa: B018
    assert [Path(warning.filename) for warning in told] == [Path(__file__)]
    change_meta(folder, versions={**versions, "underthesea": "8.0.1"})
    with pytest.warns(ModelWarning, match=r"underthesea 8\.0\.1.*retrain with `scamtext train`") as told:
        assert np.array_equal(load(folder).predict_proba(calls), fitted.predict_proba(calls))
    assert [Path(warning.filename) for warning in told] == [Path(__file__)]


@pytest.mark.parametrize("number", range(4, FORMAT + 1))
def test_a_model_of_an_earlier_release_answers_as_it_did(number):
    folder = MODELS / f"format{number}"
    verdicts = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        classifier = load(folder / "model")
        assert classifier.heads_.pipeline.named_steps.keys() == {"columns", "scam"}
    assert {verdict["label"] for verdict in verdicts} == {"scam", "legit"}
    for before in map(Verdict.from_dict, verdicts):
        now = classifier.classify(before.call)
        assert (now.label, now.risk, now.scam_type) == (before.label, before.risk, before.scam_type)
        assert now.logit == pytest.approx(before.logit, abs=1e-9)
        for ours, theirs in ((now.cues, before.cues), (now.evidence, before.evidence)):
            assert [(e.kind, e.text, round(e.weight, 6)) for e in ours] == [
                (e.kind, e.text, round(e.weight, 6)) for e in theirs
            ]


def test_the_shipped_model_is_pinned(monkeypatch, folder, tmp_path):
    load()
    monkeypatch.setattr("scamtext.persistence.model_folder.shipped", lambda name: folder)
    load(folder)
    with pytest.raises(ModelError, match=r"not the model that belongs to this release; install scamtext again"):
        load()
    monkeypatch.setattr("scamtext.persistence.model_folder.shipped", lambda name: tmp_path / "empty")
    with pytest.raises(ModelError, match=r"no meta\.json"):
        load()


def test_missing_parts_are_named(folder, tmp_path):
    with pytest.raises(ModelError, match=r"no meta\.json"):
        scamtext.load(tmp_path / "nothing")
    (folder / "compiled.npz").unlink()
    with pytest.raises(ModelError, match=r"compiled\.npz"):
        load(folder)


def test_a_loaded_model_knows_its_folder(folder, fitted):
    assert load(folder).folder_ == folder
    assert fitted.folder_ is None


def test_the_shipped_model_has_the_package_lexicons():
    for path in LEXICONS.glob("*.toml"):
        assert (shipped(DEFAULT) / "lexicons" / path.name).read_bytes() == path.read_bytes(), "run make train"


def test_the_card_is_written_from_meta(tmp_path):
    for picture in shipped(DEFAULT).glob("*.png"):
        (tmp_path / picture.name).touch()
    write_card(tmp_path / "README.md", json.loads((shipped(DEFAULT) / "meta.json").read_text(encoding="utf-8")))
    assert (tmp_path / "README.md").read_bytes() == (shipped(DEFAULT) / "README.md").read_bytes()


def test_the_card_has_the_numbers_of_meta(folder):
    meta = json.loads((shipped(DEFAULT) / "meta.json").read_text(encoding="utf-8"))
    card = (shipped(DEFAULT) / "README.md").read_text(encoding="utf-8")
    assert set(meta["evaluation"]) == {"authors left out", "frozen test", "strangers"}
    for result in meta["evaluation"].values():
        assert f"{result['measures']['auc']['value']:.3f}" in card
        for way, row in result["diluted"].items():
            shares = [row[name]["value"] for name in ("recall_at_1pc", "recall", "false_alarms")]
            assert re.search(rf"\| {way} \| " + r".*\| ".join(f"{value:.3f} " for value in shares), card)
    assert "Not measured yet" in (folder / "README.md").read_text(encoding="utf-8")
