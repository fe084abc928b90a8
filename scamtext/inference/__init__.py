"""Inference: the compiled model that scores calls and explains the scores, with numpy alone.

Imports `features`, `verdict` and below.
"""
