"""Evaluation: labelled corpora, metrics, robustness, leakage checks, the quality gate and label review.

Imports `classifier`, `monitor` and below.
"""
