"""Errors: what happened, where (file, line, id), the two values, what to do. None quotes what was said in a call."""

from collections.abc import Iterable
from itertools import islice

LONGEST_SHOWN, MOST_DIGITS = 32, 5  # characters; a one-time code has six digits
MOST_LISTED = 50


class ScamtextError(Exception):
    """Base of all errors that this library raises on purpose."""


class DataError(ScamtextError):
    """A record or a file cannot be read as calls."""


class LexiconError(ScamtextError):
    """A lexicon breaks its rules."""


class ModelError(ScamtextError):
    """A model folder is missing, damaged, foreign or not fitted."""


class ModelWarning(UserWarning):
    """A model was made with other versions than are here, so it may answer otherwise."""


def shown(value: object) -> str:
    """A label, a name of a column, an id, as a message may quote it.

    What is long, or has the digits of a code, may be a transcript in the wrong field: only its length is shown.

    >>> shown("scam?"), shown("anh đọc giúp em mã sáu số vừa gửi về máy"), shown("0901234567")
    ("'scam?'", '(40 characters)', '(10 characters)')
    """
    text = str(value)
    is_short = len(text) <= LONGEST_SHOWN and sum(map(str.isdigit, text)) <= MOST_DIGITS
    return repr(value) if is_short else f"({len(text)} characters)"


def listed(values: Iterable[object]) -> str:
    """The first of some values, each as `shown`.

    >>> listed(["id", "text"]), listed([])
    ("'id', 'text'", 'none')
    """
    return ", ".join(map(shown, islice(values, MOST_LISTED))) or "none"
