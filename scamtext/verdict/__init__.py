"""Verdicts: results, messages in Vietnamese and English, terminal output and the report page.

Imports `text`, `calls`, `labels` and `errors`.
"""
