"""Model folders and their cards.

Imports `evaluation`, `classifier` and below. Loading never runs code from a file.
"""
