"""Records of annotation tools and of reviewed verdicts, in the fields of labelled calls."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scamtext.errors import DataError, listed, shown
from scamtext.labels import LEGIT, SCAM

RIGHT, NOT_SCAM, MISSED = "right", "not a scam", "missed"


REVIEWS = {
    **dict.fromkeys((RIGHT, "correct", "đúng", "dung"), RIGHT),
    **dict.fromkeys((NOT_SCAM, "không phải lừa đảo", "khong phai lua dao"), NOT_SCAM),
    **dict.fromkeys((MISSED, "bỏ sót", "bo sot"), MISSED),
}


KNOWN_REVIEWS = "right, not a scam, missed (đúng, không phải lừa đảo, bỏ sót)"


def from_label_studio(task: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a task of Label Studio says; None if every annotator has cancelled it."""
    try:
        valid = [annotation for annotation in task["annotations"] if not annotation.get("was_cancelled")]
        chosen = [list(_choices(annotation)) for annotation in valid]
        data = dict(task["data"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"not a task as Label Studio exports it as JSON: {type(error).__name__} {error}") from error
    if task["annotations"] and not valid:
        return None
    fields = [choose_field(words) for words in chosen or [[]]]
    meant = {(LABELS.get(plain_name(label), label), kind) for label, kind in fields}
    if len(meant) > 1:
        raise DataError(
            f'field "annotations": the annotators disagree: {" against ".join(map(listed, chosen))}; '
            "settle it in Label Studio (cancel or correct one) and export again"
        )
    label, kind = fields[0]
    return {"id": task.get("id"), **_named_text(data), "label": label} | ({"type": kind} if kind else {})


def _choices(annotation: Mapping[str, Any]) -> Iterator[str]:
    for part in annotation["result"]:
        yield from map(str, part.get("value", {}).get("choices", ()))


def _named_text(data: dict[str, Any]) -> dict[str, Any]:
    """The data of a task with its transcript under "text", or under "turns" if it is a list."""
    if "turns" not in data and "text" not in data:
        others = [name for name, value in data.items() if isinstance(value, str | list) and name not in ASIDE]
        if len(others) != 1:
            found = " and ".join(map(shown, others)) or "nothing"
            raise DataError(f'field "data": no "text", and {found} could be it; name the transcript "text"')
        data["text"] = data.pop(others[0])
    if isinstance(data.get("text"), list):
        data["turns"] = data.pop("text")
    return data


def from_review(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a reviewer says of a call that `classify` wrote; None if she has not looked at it."""
    stated, label = row.get("reviewed"), row.get("label")
    if stated is None:
        return None
    review = REVIEWS.get(plain_name(stated))
    if review is None:
        raise DataError(
            f'field "reviewed": {shown(stated)} is not one of {KNOWN_REVIEWS}; leave it empty where nobody looked'
        )
    if row.get("turns") is None and row.get("text") is None:
        raise DataError(
            f'field "turns": missing, so {shown(stated)} says nothing; classify with --full, then review that'
        )
    if review == RIGHT and label not in (SCAM, LEGIT):
        raise DataError(
            f'field "reviewed": {shown(stated)} on a call labelled {shown(label)}; write "not a scam" or "missed"'
        )
    if review == MISSED and label == SCAM:
        raise DataError(
            f'field "reviewed": {shown(stated)}, but the label is already scam; write "right" or "not a scam"'
        )
    label = label if review == RIGHT else SCAM if review == MISSED else LEGIT
    kind = row.get("reviewed_type") or (row.get("scam_type") if label == SCAM else None)
    names = ("id", "text", "turns", "group", "author")
    return {name: row[name] for name in names if name in row} | {"label": label, "type": kind, "reviewed": True}


# What people call the two labels; told apart without case.
LABELS = {
    **dict.fromkeys((SCAM, "1", "1.0", "true", "spam", "fraud", "lừa đảo", "lua dao"), SCAM),
    **dict.fromkeys((LEGIT, "0", "0.0", "false", "ham", "normal", "safe", "not a scam", "not scam"), LEGIT),
    **dict.fromkeys(("bình thường", "binh thuong", "không lừa đảo", "không phải lừa đảo", "an toàn"), LEGIT),
}


KNOWN_LABELS = "scam or legit (also 1/0, true/false, spam/ham, lừa đảo/bình thường)"


ASIDE = ("id", "type", "scam_type", "legit_kind", "group", "author", "pair", "region", "form", "label")


def plain_name(word: Any) -> str:
    """A word as the tables above have it.

    >>> plain_name(" Not_a  scam"), plain_name(True), plain_name(1)
    ('not a scam', 'true', '1')
    """
    return " ".join(unicodedata.normalize("NFC", str(word)).casefold().replace("_", " ").split())


def choose_field(words: Sequence[Any]) -> tuple[Any, Any]:
    """The label among the words that an annotator chose, and the type if there is one more.

    >>> choose_field(["bank", "lừa đảo"])
    ('lừa đảo', 'bank')
    """
    if not words:
        raise DataError('field "label": no choice is made; label it, or leave it out of the export')
    labels = [word for word in words if plain_name(word) in LABELS]
    others = [word for word in words if plain_name(word) not in LABELS]
    if len(words) == 1:
        return words[0], None
    if len(labels) != 1 or len(others) != 1:
        raise DataError(
            f'field "label": {listed(words)} chosen; choose one label, {KNOWN_LABELS}, and at most one type with it'
        )
    return labels[0], others[0]
