"""Classification at scale: files in batches, resumed runs, streams and Spark.

Imports `persistence` and below.
"""
