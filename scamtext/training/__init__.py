"""Training: heads, thresholds, and compilation of the fitted pipeline into arrays.

Imports `inference` and below.
"""
