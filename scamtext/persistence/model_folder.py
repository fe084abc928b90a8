"""One folder, one model: compiled.npz, meta.json, lexicons/, README.md (the card).

Loading never runs code from the folder: numpy reads arrays without pickle, and the scikit-learn models are made from
these when asked for. A .joblib file can run code, so it needs `trusted=True`. meta.json has the digests of
the other files; that of the shipped meta.json is in models.sha256 (`make pin`).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import warnings
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from scamtext.cues.lexicon import LEXICONS
from scamtext.errors import ModelError, ModelWarning
from scamtext.inference.scorer import Scorer
from scamtext.labels import CUE_KINDS
from scamtext.text.segmentation import UNDERTHESEA

if TYPE_CHECKING:
    from scamtext.classifier import ScamClassifier
    from scamtext.training.fitting import Heads

# Raise by one when a folder written now can no longer be read by the code before; keep a
# reader for the old number, or say in the error which release reads it.
FORMAT = 5
READABLE = (4, FORMAT)  # a folder of format 4 also has the models of scikit-learn, which are not needed
DEFAULT = "vi"
COMPILED, META, CARD, LEXICON_FOLDER = "compiled.npz", "meta.json", "README.md", "lexicons"
PINNED = Path(__file__).with_name("models.sha256")  # as sha256sum writes it, in the folder of models
FITTED = ("slope_", "intercept_", "threshold_", "watch_threshold_", "alert_threshold_", "live_watch_threshold_")


def load(path: str | Path | None = None, *, trusted: bool = False) -> ScamClassifier:
    """A fitted classifier from a model folder; without a path, the one that ships with scamtext.

    Parameters
    ----------
    path : a model folder, or a file written by `joblib.dump`.
    trusted : allow a .joblib file, which can run any code when it is loaded.

    Raises
    ------
    ModelError : the folder is missing, damaged, from a newer release, or holds foreign types; the shipped model
        is not the one that belongs to this release.

    Warns
    -----
    ModelWarning : the model was trained on another word segmentation; or, when its `heads_` are first asked
        for, with another scikit-learn.
    """
    folder = Path(path) if path is not None else shipped(DEFAULT)
    if folder.suffix == ".joblib":
        return _load_joblib(folder, trusted)
    meta = read_meta(folder)
    if path is None:
        _check_pinned(folder)
    try:
        classifier = _with_thresholds(meta, folder)
        digests, versions = (
            {str(name): str(value) for name, value in meta[field].items()} for field in ("sha256", "versions")
        )
        segmented, learnt = versions["underthesea"], versions["scikit-learn"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder / META}: damaged ({error!r}); train or copy the model again") from error
    _check_lexicons(folder / LEXICON_FOLDER, digests)
    scorer = _load_scorer(folder / COMPILED, digests)
    if _minor(segmented) != _minor(UNDERTHESEA):
        text = f"{folder}: trained on words as underthesea {segmented} cuts them, here it is {UNDERTHESEA}"
        warnings.warn(f"{text}; retrain with `scamtext train`", ModelWarning, stacklevel=2)
    heads = partial(_restore_heads, folder, scorer, classifier, learnt)
    return classifier.assemble(scorer.lexicon, heads, scorer, folder)


def _with_thresholds(meta: dict[str, Any], folder: Path) -> ScamClassifier:
    """A classifier with the parameters and thresholds of meta.json, without heads."""
    from scamtext.classifier import ScamClassifier

    classifier = ScamClassifier(**meta["parameters"], lexicons=str(folder / LEXICON_FOLDER))
    for name in FITTED:
        setattr(classifier, name, float(meta["fitted"][name]))
    classifier.cue_thresholds_ = np.array(meta["fitted"]["cue_thresholds_"], dtype=float).reshape(2, len(CUE_KINDS))
    numbers = [*(getattr(classifier, name) for name in FITTED), *classifier.cue_thresholds_.ravel()]
    if not np.isfinite(numbers).all():
        raise ValueError("a threshold is not a number")
    return classifier


def shipped(name: str) -> Path:
    """The folder of a model inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    for models in (package / "models", package.parent / "models"):
        if (models / name).is_dir():
            return models / name
    raise ModelError(f"no model {name!r} ships with this installation; give a model folder")


def _check_pinned(folder: Path) -> None:
    """Refuse a shipped model that this release was not made with."""
    digest = hashlib.sha256((folder / META).read_bytes()).hexdigest()
    if f"{digest}  {folder.name}/{META}" not in PINNED.read_text(encoding="utf-8").splitlines():
        raise ModelError(
            f"{folder}: is not the model that belongs to this release; install scamtext again "
            "(who has trained it here: `make pin`, or give the folder as path)"
        )


def _minor(release: str) -> list[str]:
    return release.split(".")[:2]


def read_meta(folder: Path) -> dict[str, Any]:
    """What meta.json says, after its format is checked."""
    try:
        meta = json.loads((folder / META).read_text(encoding="utf-8"))
        found = meta["format"]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(f"{folder}: no {META} here; a model folder is written by `scamtext train`") from error
    except (ValueError, KeyError, TypeError, RecursionError, OSError) as error:
        raise ModelError(f"{folder / META}: damaged ({error}); train or copy the model again") from error
    if found not in READABLE:
        raise ModelError(f"{folder}: format {found}, this release reads {FORMAT}; update scamtext or retrain")
    return dict(meta)


def _open(path: Path, digests: dict[str, str]) -> IO[bytes]:
    """A file whose digest is the one that meta.json has."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}; copy the model folder again") from error
    digest, expected = hashlib.file_digest(file, "sha256").hexdigest(), str(digests.get(path.name))
    if digest != expected:
        file.close()
        raise ModelError(f"{path}: sha256 {digest[:12]}… but {META} says {expected[:12]}…; copy the model folder again")
    file.seek(0)
    return file


def _check_lexicons(folder: Path, digests: dict[str, str]) -> None:
    """Refuse phrases that are not those the model was fitted with: they are what people read of it."""
    found = sorted(folder.glob("*.toml"))
    for path in found:
        _open(path, digests).close()
    missing = {name for name in digests if name.endswith(".toml")} - {path.name for path in found}
    if missing or not found:
        raise ModelError(f"{folder}: {', '.join(sorted(missing)) or 'lexicons'} missing; copy the model folder again")


def _load_scorer(path: Path, digests: dict[str, str]) -> Scorer:
    with _open(path, digests) as file:
        try:
            return Scorer(np.load(file, allow_pickle=False))
        except Exception as error:  # a damaged file can fail in any way
            raise _refusal(path, error) from error


def _restore_heads(folder: Path, scorer: Scorer, classifier: ScamClassifier, learnt: str) -> Heads:
    """The heads, which were fitted with scikit-learn `learnt`."""
    from importlib.metadata import version

    from scamtext.training.restoration import restore_heads

    here = version("scikit-learn")
    if _minor(here) != _minor(learnt):
        text = f"{folder}: fitted with scikit-learn {learnt}, here is {here}; verdicts do not depend on it, heads may"
        warnings.warn(
            f"{text}: retrain with `scamtext train`, or install scikit-learn=={learnt}", ModelWarning, stacklevel=3
        )
    try:
        return restore_heads(scorer.arrays, classifier.C, classifier.min_df)
    except Exception as error:  # arrays that do not belong together fail in many ways
        raise _refusal(folder / COMPILED, error) from error


def _refusal(path: Path, error: Exception) -> ModelError:
    fault = f"{type(error).__name__}: {error}"
    return ModelError(f"{path}: refused: {fault}; copy the model again from where you trust it, or retrain")


def _load_joblib(path: Path, trusted: bool) -> ScamClassifier:
    import joblib

    from scamtext.classifier import ScamClassifier

    if not trusted:
        raise ModelError(f"{path}: a joblib file can run code; pass trusted=True if you made it, or use a model folder")
    classifier = joblib.load(path)
    if not isinstance(classifier, ScamClassifier):
        raise ModelError(f"{path}: holds a {type(classifier).__name__}, not a ScamClassifier")
    return classifier


def save(classifier: ScamClassifier, folder: str | Path, about: dict[str, Any] | None = None) -> Path:
    """Write a fitted classifier as a model folder; a model that is there is replaced.

    Parameters
    ----------
    about : what the card tells beyond the parameters: data, measurements.

    Raises
    ------
    ModelError : the folder holds something else than a model.
    """
    from scamtext.persistence.model_card import curve_name, write_card

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / META).is_file():
        raise ModelError(f"{folder}: is not empty and holds no model; choose another folder")
    scorer = classifier.scorer_
    lexicons = {path.name: path.read_bytes() for path in sorted(Path(classifier.lexicons or LEXICONS).glob("*.toml"))}
    for path in (folder / curve_name(name) for name in _evaluations(folder)):
        path.unlink(missing_ok=True)
    shutil.rmtree(folder / LEXICON_FOLDER, ignore_errors=True)
    (folder / LEXICON_FOLDER).mkdir()
    for name, content in lexicons.items():
        (folder / LEXICON_FOLDER / name).write_bytes(content)
    np.savez_compressed(folder / COMPILED, **scorer.arrays)  # type: ignore[arg-type]
    meta = _describe(classifier, folder) | (about or {})
    write_meta(folder, meta)
    write_card(folder / CARD, meta)
    return folder


def _describe(classifier: ScamClassifier, folder: Path) -> dict[str, Any]:
    """What meta.json says of a model whose other files are written."""
    from importlib.metadata import version

    return {
        "format": FORMAT,
        "scamtext": version("scamtext"),
        "versions": {
            **{name: version(name) for name in ("scikit-learn", "numpy", "scipy")},
            "underthesea": UNDERTHESEA,  # whatever is installed: words are cut by the tables
        },
        "parameters": {name: value for name, value in classifier.get_params().items() if name != "lexicons"},
        "fitted": {
            **{name: getattr(classifier, name) for name in FITTED},
            "cue_thresholds_": classifier.cue_thresholds_.tolist(),
        },
        "sha256": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (folder / COMPILED, *sorted((folder / LEXICON_FOLDER).iterdir()))
        },
    }


def _evaluations(folder: Path) -> list[str]:
    """The names of the evaluations that a model's meta.json has."""
    try:
        return list(json.loads((folder / META).read_text(encoding="utf-8")).get("evaluation", ()))
    except (OSError, ValueError, AttributeError):
        return []


def record_evaluation(folder: Path, name: str, result: dict[str, Any]) -> None:
    """Add measurements to a model's meta.json and write its card again."""
    from scamtext.persistence.model_card import write_card

    meta = read_meta(folder)
    meta.setdefault("evaluation", {})[name] = result
    write_meta(folder, meta)
    write_card(folder / CARD, meta)


def write_meta(folder: Path, meta: dict[str, Any]) -> None:
    """Write meta.json, by lines so that a retrained model shows its differences."""
    text = json.dumps(meta, ensure_ascii=False, indent=1)
    (folder / META).write_text(text + "\n", encoding="utf-8")
