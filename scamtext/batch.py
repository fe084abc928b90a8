"""Batch classification of files, as a user imports it; see `scamtext.serving.batch`."""

from scamtext.serving.batch import Style, classify_files

__all__ = ["Style", "classify_files"]
