"""Errors: what happened, where (file, line, id), the two values, what to do."""


class ScamtextError(Exception):
    """Base of all errors that this library raises on purpose."""


class DataError(ScamtextError):
    """A record or a file cannot be read as calls."""


class LexiconError(ScamtextError):
    """A lexicon breaks its rules."""


class ModelError(ScamtextError):
    """A model folder is missing, damaged, foreign or not fitted."""
