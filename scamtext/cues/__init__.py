"""Cues: the phrases of the lexicons and the detector that finds them in a call.

Owns the lexicon files. Imports `text` and below.
"""
