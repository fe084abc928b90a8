import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io

import scamtext
from scamtext import ModelError
from scamtext.lexicon import LEXICONS
from scamtext.store import DEFAULT, load, save, shipped


@pytest.fixture
def folder(fitted, tmp_path):
    return save(fitted, tmp_path / "model")


def test_a_saved_model_answers_the_same(folder, fitted, few):
    calls = [c.call for c in few]
    loaded = scamtext.load(folder)
    assert np.array_equal(loaded.predict_proba(calls), fitted.predict_proba(calls))
    assert list(loaded.classify_many(calls)) == list(fitted.classify_many(calls))
    assert loaded.get_params() == fitted.get_params()


def test_saving_twice_replaces(folder, fitted):
    before = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    save(fitted, folder)
    after = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    assert after["fitted"] == before["fitted"]


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


@pytest.mark.parametrize(
    ("name", "use"), [("compiled.npz", scamtext.load), ("pipeline.skops", lambda p: load(p).heads_)]
)
def test_a_changed_file_is_refused(folder, name, use):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="sha256"):
        use(folder)


class Foreign:
    """Stands for code that a model file must never run."""


def test_a_foreign_type_is_refused(folder):
    _replace(
        folder, "pipeline.skops", skops.io.dumps({"pipeline": Foreign(), "types": None, "cues": None, "live": None})
    )
    with pytest.raises(ModelError, match=r"refused.*Foreign"):
        load(folder).heads_  # noqa: B018


class Trap:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, (str(Path(tempfile.gettempdir()) / "scamtext-trap"),)


def test_a_planted_pickle_is_refused_and_not_run(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    arrays = dict(np.load(folder / "compiled.npz"))
    content = io.BytesIO()
    np.savez(content, **{**arrays, "idf": np.array([Trap()], dtype=object)})
    _replace(folder, "compiled.npz", content.getvalue())
    with pytest.raises(ModelError, match="refused"):
        load(folder)
    assert not (tmp_path / "scamtext-trap").exists()


def test_damage_is_refused_even_with_a_matching_digest(folder):
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for content in (b"not a zip file", empty.getvalue()):
        _replace(folder, "pipeline.skops", content)
        with pytest.raises(ModelError, match="refused"):
            load(folder).heads_  # noqa: B018
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
    ("meta", "message"), [('{"format": 99}', "format 99"), ("{", "damaged"), ("[]", "damaged"), ("{}", "damaged")]
)
def test_a_newer_or_damaged_meta_is_refused(folder, meta, message):
    (folder / "meta.json").write_text(meta, encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        scamtext.load(folder)


def test_a_changed_or_missing_lexicon_is_refused(folder):
    path = folder / "lexicons" / "threat.toml"
    content = path.read_text(encoding="utf-8")
    path.write_text(content + "\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"threat\.toml: sha256"):
        load(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"threat\.toml"):
        load(folder)


def test_missing_parts_are_named(folder, tmp_path):
    with pytest.raises(ModelError, match=r"no meta\.json"):
        scamtext.load(tmp_path / "nothing")
    (folder / "pipeline.skops").unlink()
    with pytest.raises(ModelError, match=r"pipeline\.skops"):
        load(folder).heads_  # noqa: B018
    (folder / "compiled.npz").unlink()
    with pytest.raises(ModelError, match=r"compiled\.npz"):
        load(folder)


def test_the_shipped_model_has_the_package_lexicons():
    for path in LEXICONS.glob("*.toml"):
        assert (shipped(DEFAULT) / "lexicons" / path.name).read_bytes() == path.read_bytes(), "run make train"


def test_the_card_has_the_numbers_of_meta(folder):
    meta = json.loads((shipped(DEFAULT) / "meta.json").read_text(encoding="utf-8"))
    card = (shipped(DEFAULT) / "README.md").read_text(encoding="utf-8")
    assert set(meta["evaluation"]) == {"authors left out", "frozen test"}
    for result in meta["evaluation"].values():
        assert f"{result['measures']['auc']['value']:.3f}" in card
    assert "Not measured yet" in (folder / "README.md").read_text(encoding="utf-8")
