"""Verdicts for the rows of a Spark DataFrame, on as many machines as it is spread over.

Rows come to Python as Arrow batches (`mapInArrow`) rather than pandas frames: the frame's own columns go back as
the arrays that they came as, where pandas makes nulls of NaN and fails on timestamps that nanoseconds cannot hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scamtext.calls import BATCH, Call
from scamtext.classifier import ScamClassifier
from scamtext.errors import DataError, listed
from scamtext.io.formats import Rejected
from scamtext.io.readers import MOST_CHARACTERS
from scamtext.persistence.model_folder import load
from scamtext.verdict.messages import messages
from scamtext.verdict.results import Verdict

try:
    import pyarrow
    from pyspark.sql import types
except ImportError as error:
    raise ImportError("scamtext.spark needs pyspark and pyarrow; install scamtext[spark]") from error

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PIECE = 4 * BATCH  # rows whose verdicts are held at a time, however large Spark's batches are
TEXT, TURNS = "text", "turns"

# Each added column as Spark and as Arrow know it.
STRING, INTEGER = (types.StringType(), pyarrow.string()), (types.IntegerType(), pyarrow.int32())
DOUBLE, BOOLEAN = (types.DoubleType(), pyarrow.float64()), (types.BooleanType(), pyarrow.bool_())
CUE = {
    "kind": STRING, "turn": INTEGER, "speaker": STRING, "start": INTEGER, "end": INTEGER, "text": STRING,
    "negated": BOOLEAN,
}  # fmt: skip
CUE_STRUCT = types.StructType([types.StructField(name, spark) for name, (spark, _) in CUE.items()])
CUES = types.ArrayType(CUE_STRUCT), pyarrow.list_(pyarrow.struct([(name, arrow) for name, (_, arrow) in CUE.items()]))
REASONS = types.ArrayType(types.StringType()), pyarrow.list_(pyarrow.string())
ADDED = {
    "label": STRING, "probability": DOUBLE, "risk": STRING, "scam_type": STRING, "cues": CUES, "reasons": REASONS,
    "error": STRING,
}  # fmt: skip
ADDED_ARROW = pyarrow.schema([(name, arrow) for name, (_, arrow) in ADDED.items()])


def classify(
    df: DataFrame, text: str = TEXT, turns: str | None = None, model: str | Path | None = None, lang: str = "vi"
) -> DataFrame:
    """The frame with a verdict on the call in each row; a row that is no call gets an error instead.

    Parameters
    ----------
    text : the column of transcripts, of type string.
    turns : a column array<struct<speaker string, text string>>, used instead of `text`; speakers are "caller",
        "callee" or null, further fields of the struct do not count.
    model : a model folder, by the path that it has on every worker; without it the one that ships with scamtext.
    lang : language of the reasons, "vi" or "en".

    Returns
    -------
    DataFrame with the columns of `df`, as they are, and label, probability, risk, scam_type, cues, reasons and error,
    as in `Verdict`; start and end of a cue count code points, from 0. Where a row has an error all others are null.

    Raises
    ------
    DataError : before any job starts: there is no such column, it has another type, the frame has a column named
        as one that is added, or there are no reasons in this language. A model that a worker cannot load
        fails the job with a ModelError.
    """
    messages(lang)
    _refuse_clashes(df)
    column, role = (text, TEXT) if turns is None else (turns, TURNS)
    judge = partial(
        judge_batches,
        position=_position(df.schema, column, role),
        role=role,
        names=[*df.columns, *ADDED],
        model=None if model is None else str(model),
        lang=lang,
    )
    fields = [types.StructField(name, spark) for name, (spark, _) in ADDED.items()]
    # mapInArrow looks its input columns up by name, and takes a dot in a name for a field of a struct.
    numbered = df.toDF(*map(str, range(len(df.columns))))
    return numbered.mapInArrow(judge, types.StructType([*df.schema.fields, *fields]))


def _refuse_clashes(df: DataFrame) -> None:
    is_exact = str(df.sparkSession.conf.get("spark.sql.caseSensitive")) == "true"
    for name in df.columns:
        if (name if is_exact else name.lower()) in ADDED:
            raise DataError(f"column {name!r}: classify adds a column of this name; rename or drop yours first")


def _position(schema: types.StructType, column: str, role: str) -> int:
    """Where the one column of this name is, after its type is checked."""
    names: list[str] = schema.names
    count = names.count(column)
    if count != 1:
        there_is = f"{count} columns" if count else "no column"
        raise DataError(f"{there_is} {column!r}; the frame has {listed(names)}; name yours with {role}=")
    position = names.index(column)
    found = schema[position].dataType
    if role == TEXT:
        fits, wanted = isinstance(found, types.StringType), "string"
    else:
        fits, wanted = _is_turns(found), "array<struct<speaker:string,text:string>>"
    if not fits:
        raise DataError(f"column {column!r}: expected {wanted}, got {found.simpleString()}")
    return position


def _is_turns(found: types.DataType) -> bool:
    if not (isinstance(found, types.ArrayType) and isinstance(found.elementType, types.StructType)):
        return False
    kinds = {field.name: field.dataType for field in found.elementType.fields}
    return all(isinstance(kinds.get(name), types.StringType) for name in ("speaker", "text"))


def judge_batches(
    batches: Iterable[pyarrow.RecordBatch], position: int, role: str, names: list[str], model: str | None, lang: str
) -> Iterator[pyarrow.RecordBatch]:
    """What a worker does with its partition: the batches, in smaller pieces, with the added columns.

    Parameters
    ----------
    position : of the column with the calls.
    names : of all columns, the added ones last.
    """
    classifier = load_classifier(model)
    for batch in batches:
        for start in range(0, batch.num_rows, PIECE):
            piece = batch.slice(start, PIECE)
            rows = list(_rows(classifier, [_read(cell, role) for cell in piece.column(position)], lang))
            added = pyarrow.RecordBatch.from_pylist(rows, schema=ADDED_ARROW)
            yield pyarrow.RecordBatch.from_arrays([*piece.columns, *added.columns], names=names)


@lru_cache(maxsize=2)
def load_classifier(model: str | None) -> ScamClassifier:
    """A model, loaded once: Spark sends functions of a module by name, so this lives as long as the worker."""
    return load(model)


def _rows(classifier: ScamClassifier, items: list[Call | Rejected], lang: str) -> Iterator[dict[str, Any]]:
    verdicts = classifier.classify_many(item for item in items if isinstance(item, Call))
    for item in items:
        yield _row(next(verdicts), lang) if isinstance(item, Call) else {"error": item.error}


def _row(verdict: Verdict, lang: str) -> dict[str, Any]:
    """The record of the command, with all digits of the probability."""
    return verdict.to_record(lang) | {"probability": verdict.probability}


def _read(cell: pyarrow.Scalar, role: str) -> Call | Rejected:
    try:
        value = cell.as_py()
        if value is None:
            raise DataError(f'field "{role}": is null')
        call = Call.from_record({role: value})
    except UnicodeDecodeError as error:  # Spark takes any bytes for a string
        return Rejected(None, f'field "{role}": not UTF-8 ({error})')
    except DataError as error:
        return Rejected(None, str(error))
    if len(call.text) > MOST_CHARACTERS:
        return Rejected(
            None, f'field "{role}": {len(call.text)} characters, at most {MOST_CHARACTERS} are read; cut the call'
        )
    return call
