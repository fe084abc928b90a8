"""Input formats, and export to and import from annotation tools.

Imports `calls`, `labels` and `errors`.
"""
