"""scamtext.serving.spark on a real Spark: one process with two cores, then a cluster that loses an executor."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest

from scamtext.errors import DataError
from scamtext.persistence.model_folder import save

TURNS = "array<struct<speaker string, text string>>"
CUE = "struct<kind:string,turn:int,speaker:string,start:int,end:int,text:string,negated:boolean>"
ADDED = {
    "label": "string", "probability": "double", "risk": "string", "scam_type": "string", "cues": f"array<{CUE}>",
    "reasons": "array<string>", "error": "string",
}  # fmt: skip
SCAM = "Bác ơi con shipper lỡ gửi lộn số hội viên, bấm link, nhập mật khẩu ngân hàng mới huỷ được!"
PROC = Path("/proc")
ROWS, PARTITIONS = 3_000, 10  # of the run that loses an executor

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning:pyspark")


@pytest.fixture(scope="module")
def spark_home(tmp_path_factory):
    """Spark's programs of the pip package, in a folder where workers may write; the JVM ends with it."""
    if not (find_spec("pyspark") and find_spec("pyarrow")):
        pytest.skip("no pyspark: pip install 'scamtext[spark]'")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("no Java: install a Java runtime, 17 or later, or set JAVA_HOME")
    import pyspark
    from pyspark import SparkContext

    home = tmp_path_factory.mktemp("spark")
    for name in ("bin", "jars", "python"):
        (home / name).symlink_to(Path(pyspark.__file__).parent / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_HOME", str(home))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        yield home
        gateway = SparkContext._gateway
        if gateway is not None:
            gateway.shutdown()
            gateway.proc.stdin.close()
            gateway.proc.wait(timeout=30)
            SparkContext._gateway = SparkContext._jvm = None


def start(home, master):
    from pyspark.sql import SparkSession

    short_lived = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    settings = {
        "spark.driver.extraJavaOptions": short_lived,
        "spark.executor.extraJavaOptions": short_lived,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(home / "local"),
        "spark.sql.warehouse.dir": str(home / "warehouse"),
        "spark.sql.shuffle.partitions": "2",
    }
    return SparkSession.builder.master(master).config(map=settings).getOrCreate()


@pytest.fixture(scope="class")
def spark(spark_home):
    session = start(spark_home, "local[2]")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def calls(corpus):
    return [call.call for call in corpus[:: len(corpus) // 60]]


def judged(df, **options):
    from scamtext.serving.spark import classify

    return classify(df, **options)


def expected(verdict, lang="vi"):
    record = verdict.to_record(lang)
    return {**record, "probability": verdict.probability, "error": None}


def found(row):
    return {"id": row.id, **{name: value for name, value in row.asDict(recursive=True).items() if name in ADDED}}


class TestOneProcess:
    def test_turns_get_the_verdicts_of_classify_many(self, spark, shipped, calls):
        rows = [(call.id, [(turn.speaker, turn.text) for turn in call.turns]) for call in calls]
        df = spark.createDataFrame(rows, f"id string, talk {TURNS}").repartition(3)
        results = {row.id: found(row) for row in judged(df, turns="talk").collect()}
        assert results == {verdict.call.id: expected(verdict) for verdict in shipped.classify_many(calls)}
        assert {len(call.turns) > 1 for call in calls} == {True, False}

    def test_texts_get_the_verdicts_of_classify_many_in_the_language_asked_for(self, spark, shipped, calls):
        df = spark.createDataFrame([(n, call.text) for n, call in enumerate(calls)], "id int, `lời thoại` string")
        rows = judged(df, text="lời thoại", lang="en").orderBy("id").collect()
        verdicts = shipped.classify_many(call.text for call in calls)
        assert [found(row) | {"id": None} for row in rows] == [expected(verdict, "en") for verdict in verdicts]

    def test_texts_that_cannot_be_read_are_set_aside(self, spark):
        from scamtext.serving.spark import MOST_CHARACTERS

        df = spark.sql(
            f"select * from values (0, {SCAM!r}), (1, null), (2, ''), (3, ' \n'), (4, cast(X'61ff' as string)),"
            f" (5, repeat('a', {MOST_CHARACTERS + 1})), (6, 'ừ'), (7, {SCAM!r}) as t(id, text)"
        )
        rows = judged(df).orderBy("id").collect()
        assert [row.label for row in rows] == ["scam", None, None, None, None, None, "unknown", "scam"]
        said = ["is null", "is empty", "is empty", "not UTF-8", "1000001 characters, at most 1000000"]
        assert all(words in row.error for row, words in zip(rows[1:6], said, strict=True))
        for row in rows[1:6]:
            assert [row[name] for name in ADDED] == [None] * 6 + [row.error]
        assert [rows[n].error for n in (0, 6, 7)] == [None] * 3

    def test_turns_that_cannot_be_read_are_set_aside(self, spark):
        turns = {
            "": [("caller", SCAM), ("callee", "dạ"), (None, "ừ")],
            'field "turns": is null': None,
            'field "turns": no turn has any text': [],
            'field "turns[1]": expected {"speaker", "text"}': [("caller", "alo"), None],
            "field \"turns[0].speaker\": 'agent' is not one of": [("agent", "alo")],
            'field "turns[1].text": expected text, got null': [("caller", "alo"), ("callee", None)],
            'field "turns": no turn': [("caller", " ")],
        }
        df = spark.createDataFrame(list(enumerate(turns.values())), f"id int, turns {TURNS}").coalesce(1)
        rows = judged(df, turns="turns").orderBy("id").collect()
        assert [row.label for row in rows] == ["scam"] + [None] * 6
        assert all((row.error or "").startswith(words) for row, words in zip(rows, turns, strict=True))

    def test_schema_is_the_frames_own_and_the_added_columns(self, spark):
        df = spark.createDataFrame([], "text string, n int")
        result = judged(df)
        assert dict(result.dtypes) == {"text": "string", "n": "int", **ADDED}
        assert result.columns == ["text", "n", *ADDED]
        assert result.collect() == []

    @pytest.mark.parametrize("wide", ["true", "false"])
    def test_own_columns_come_back_as_they_went_in_from_batches_of_any_size(self, spark, wide):
        df = spark.sql(
            f"select *, {SCAM!r} as text from values (1, 9007199254740993L, timestamp'0001-01-01 00:00:00',"
            " timestamp_ntz'9999-12-31 00:00:00', double('nan'), map('a', 1), struct(1 as `x.y`), X'00ff',"
            " cast(X'ff' as string), interval '1' day, 1.5BD, array(1L, null)),"
            " (2, null, null, null, null, null, null, null, null, null, null, null),"
            " (3, null, null, null, 0D, map(), null, X'', '', null, null, array()) "
            "as t(id, big, ts, `t.n`, f, m, st, b, bad, iv, dec, ar)"
        )
        settings = {
            "spark.sql.execution.arrow.maxRecordsPerBatch": "2",
            "spark.sql.execution.arrow.useLargeVarTypes": wide,
        }
        as_text = [f"hex(cast(`{name}` as string))" for name in df.columns]
        before = df.selectExpr(*as_text).collect()
        for name, value in settings.items():
            spark.conf.set(name, value)
        try:
            result = judged(df)
            assert result.schema.fields[: len(df.columns)] == df.schema.fields
            assert sorted(result.selectExpr(*as_text).collect(), key=str) == sorted(before, key=str)
            assert [row.label for row in result.select("label").collect()] == ["scam"] * 3
        finally:
            for name in settings:
                spark.conf.unset(name)

    @pytest.mark.parametrize(
        ("schema", "options", "message"),
        [
            ("words string", {}, r"no column 'text'; the frame has 'words'; name yours with text="),
            ("text string", {"turns": "talk"}, "no column 'talk'.*turns="),
            ("text int", {}, "column 'text': expected string, got int"),
            (
                "text array<string>",
                {"turns": "text"},
                "expected array<struct<speaker:string,text:string>>, got array<s",
            ),
            ("t array<struct<text string>>", {"turns": "t"}, "expected array<struct<speaker:string"),
            ("t array<struct<speaker int, text string>>", {"turns": "t"}, "expected array<struct<speaker:string"),
            ("text string, Label int", {}, "column 'Label': classify adds a column of this name"),
            ("text string, text string", {}, "2 columns 'text'"),
            ("text string", {"lang": "fr"}, "language 'fr' is not one of"),
        ],
    )
    def test_frames_that_do_not_fit_are_refused_before_a_job_starts(self, spark, schema, options, message):
        df = spark.createDataFrame([], schema)
        with pytest.raises(DataError, match=message):
            judged(df, **options)

    def test_names_that_differ_in_case_are_two_where_spark_says_so(self, spark):
        spark.conf.set("spark.sql.caseSensitive", "true")
        try:
            [row] = judged(spark.createDataFrame([(SCAM, 1)], "text string, Label int")).collect()
        finally:
            spark.conf.unset("spark.sql.caseSensitive")
        assert (row.Label, row.label) == (1, "scam")

    def test_a_model_of_ones_own_is_loaded_once_by_each_worker(self, spark, fitted, calls, tmp_path):
        folder = save(fitted, tmp_path / "model")
        df = spark.createDataFrame([(call.id, call.text) for call in calls], "id string, text string")
        rows = judged(df.repartition(6), model=folder).collect()
        verdicts = fitted.classify_many(call.text for call in calls)
        wanted = {call.id: verdict.probability for call, verdict in zip(calls, verdicts, strict=True)}
        assert {row.id: row.probability for row in rows} == pytest.approx(wanted, abs=1e-12)

        def loads(batches):  # in here, because workers cannot import this file
            import pyarrow

            from scamtext.serving.spark import load_classifier

            for _ in batches:
                pass
            hits, misses, *_ = load_classifier.cache_info()
            yield pyarrow.RecordBatch.from_pylist([{"hits": hits, "misses": misses}])

        counts = spark.range(0, 4, 1, 4).mapInArrow(loads, "hits long, misses long").collect()
        assert all(count.misses <= 2 for count in counts)  # this model and the shipped one
        assert any(count.hits for count in counts)

    def test_a_model_that_is_not_there_fails_the_job(self, spark, tmp_path):
        df = spark.createDataFrame([(SCAM,)], "text string")
        with pytest.raises(Exception, match=r"ModelError.*no meta\.json here"):
            judged(df, model=tmp_path).collect()


def test_without_pyspark_the_import_says_what_to_install():
    code = "import sys; sys.modules['pyspark'] = None; import scamtext.spark"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ImportError: scamtext.spark needs pyspark and pyarrow; install scamtext[spark]" in done.stderr


@pytest.mark.skipif(not PROC.is_dir(), reason="finds executors in /proc, which is on Linux")
def test_a_cluster_that_loses_an_executor_gives_each_row_once(spark_home, shipped, calls, tmp_path):
    from pyarrow import parquet

    texts = [call.text for call in calls]
    spark = start(spark_home, "local-cluster[2,1,1024]")
    try:
        failed = write_and_kill(spark, texts, tmp_path / "out")
    finally:
        spark.stop()
    rows = sorted(parquet.read_table(tmp_path / "out").to_pylist(), key=lambda row: row["id"])
    assert failed >= 1  # the task that was running there
    assert [row["id"] for row in rows] == list(range(ROWS))
    wanted = [expected(verdict) for verdict in shipped.classify_many(texts)]
    for row in rows:
        assert row == wanted[row["id"] % len(texts)] | {"id": row["id"], "text": texts[row["id"] % len(texts)]}


def write_and_kill(spark, texts, folder):
    """Classify into a folder, kill an executor when the first tasks are done, and return how many tasks failed."""
    from pyspark.sql import functions

    text = functions.element_at(
        functions.array(*map(functions.lit, texts)), functions.expr(f"int(id % {len(texts)}) + 1")
    )
    df = judged(spark.range(0, ROWS, 1, PARTITIONS).withColumn("text", text))
    tracker = spark.sparkContext.statusTracker()
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(df.write.parquet, str(folder))
        stage = stage_when_busy(tracker, run)
        executors = executor_ids()
        assert len(executors) == 2
        os.kill(executors[0], signal.SIGKILL)
        run.result()
    return tracker.getStageInfo(stage).numFailedTasks


def stage_when_busy(tracker, run):
    """The running stage, once it has results and each executor has a task."""
    while not run.done():
        for stage in map(tracker.getStageInfo, tracker.getActiveStageIds()):
            if stage and stage.numCompletedTasks >= 2 and stage.numActiveTasks >= 2:
                return stage.stageId
        time.sleep(0.02)
    run.result()
    raise AssertionError("the run was over before an executor could be killed; raise ROWS")


def executor_ids():
    """Executors among the processes that this one started, and those that they started."""
    parents, executors = {}, []
    for folder in PROC.glob("[0-9]*"):
        try:
            status, command = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(folder.name)] = int(status.rpartition(")")[2].split()[1])
        if b"CoarseGrainedExecutorBackend" in command:
            executors.append(int(folder.name))
    return [pid for pid in executors if os.getpid() in ancestors(pid, parents)]


def ancestors(pid, parents):
    while pid in parents:
        pid = parents[pid]
        yield pid
