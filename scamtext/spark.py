"""Classification in Spark, as a user imports it; see `scamtext.serving.spark`."""

from scamtext.serving.spark import classify

__all__ = ["classify"]
