"""Features: what the pipeline sees of a call, as columns and as one table for many calls.

Imports `cues` and below.
"""
