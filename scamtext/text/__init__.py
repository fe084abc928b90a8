"""Vietnamese text: normalization, syllables, word segmentation, tokens, redaction.

Owns everything that turns characters into tokens with their positions. Imports `calls`, `labels` and `errors` only.
"""
