"""Rows a second and core of scamtext.serving.spark on one core and on two of this machine.

    python benchmarks/spark.py [ROWS]

Calls are drawn from the corpus with their speakers, and written to Parquet; what is timed is a Spark job that
reads them, classifies them and throws the result away (format noop), after one such job to warm up. The last line
is the same calls through `classify_many` in this process, to see what Spark adds.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import scamtext
from scamtext.calls import Call
from scamtext.evaluation.corpus import read_corpus

TRANSCRIPTS = Path(__file__).parents[1] / "data" / "transcripts"
ROWS, ROUNDS, CORES, FILES = 8_000, 3, (1, 2), 8
SCHEMA = "id int, turns array<struct<speaker string, text string>>"


def main() -> None:
    """Each number of cores in a process of its own: a JVM keeps what it has once compiled."""
    os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable, OMP_NUM_THREADS="1")
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as folder:
        for cores in CORES:
            subprocess.run([sys.executable, __file__, str(rows), folder, str(cores)], check=True)
    calls = sample(rows)[: rows // 4]
    report("classify_many, no Spark", len(calls), 1, [alone(calls) for _ in range(ROUNDS)])


def sample(rows: int) -> list[Call]:
    """Calls drawn from the corpus, with replacement, the same each time."""
    return random.Random(0).choices([item.call for item in read_corpus(TRANSCRIPTS)], k=rows)


def alone(calls: list[Call]) -> float:
    """Seconds for the same work without Spark."""
    classifier = scamtext.load()
    start = time.perf_counter()
    for verdict in classifier.classify_many(calls):
        verdict.to_record()
    return time.perf_counter() - start


def on_spark(rows: int, folder: str, cores: int) -> None:
    """Time jobs on so many cores; the first such process writes the calls."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.local.dir": folder,
        "spark.sql.files.openCostInBytes": str(2**27),  # a partition for each of the small files
    }
    spark = SparkSession.builder.master(f"local[{cores}]").config(map=settings).getOrCreate()
    path = Path(folder) / "calls.parquet"
    if not path.exists():
        table = [
            (number, [(turn.speaker, turn.text) for turn in call.turns]) for number, call in enumerate(sample(rows))
        ]
        spark.createDataFrame(table, SCHEMA).repartition(FILES).write.parquet(str(path))
    report(f"Spark, local[{cores}]", rows, cores, [job(spark, path) for _ in range(ROUNDS + 1)][1:])
    spark.stop()


def job(spark: "SparkSession", path: Path) -> float:  # noqa: F821
    """Seconds of one job."""
    from scamtext.serving.spark import classify

    start = time.perf_counter()
    classify(spark.read.parquet(str(path)), turns="turns").write.format("noop").mode("overwrite").save()
    return time.perf_counter() - start


def report(what: str, rows: int, cores: int, times: list[float]) -> None:
    """One line: the median, and the slowest and the fastest round."""
    rates = sorted(rows / seconds / cores for seconds in times)
    median = statistics.median(rates)
    print(
        f"{what}: {median:,.0f} rows a second and core ({rates[0]:,.0f} to {rates[-1]:,.0f}, {rows} rows)", flush=True
    )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        on_spark(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    else:
        main()
