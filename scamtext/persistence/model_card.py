"""The model card: README.md of a model folder, written from meta.json and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scamtext.evaluation.summary import interval, live_rows, mean_recall

TEMPLATE = Path(__file__).with_name("model_card.md")
ROWS = {
    "auc": "ROC-AUC",
    "recall_at_1pc": "recall at 1 % false alarms",
    "recall": "recall at the shipped threshold",
    "false_alarms": "honest calls flagged",
    "hard_false_alarms": "hard honest calls flagged",
    "type_right": "scam type right, of caught scams",
}


def write_card(path: Path, meta: dict[str, Any]) -> None:
    """Write the card; measurements that meta.json does not hold yet are said to be missing."""
    text = TEMPLATE.read_text(encoding="utf-8").format(
        scamtext=meta["scamtext"],
        parameters=", ".join(f"{name}={value}" for name, value in meta["parameters"].items()),
        versions=", ".join(f"{name} {value}" for name, value in meta["versions"].items()),
        threshold=f"{meta['fitted']['threshold_']:.3f}",
        watch=f"{meta['fitted']['watch_threshold_']:.3f}",
        data=_data(meta.get("data")),
        measures="\n".join(_measures(meta.get("evaluation", {}), path.parent)),
    )
    path.write_text(text, encoding="utf-8")


def _data(data: dict[str, Any] | None) -> str:
    if data is None:
        return "Not recorded."
    return f"{data['calls']} labelled calls ({data['scams']} scam), digest `{data['digest'][:16]}`."


def _measures(evaluation: dict[str, Any], folder: Path) -> Iterator[str]:
    """One table for each evaluation that was recorded."""
    if not evaluation:
        yield "Not measured yet; run `scamtext evaluate`."
    for name, result in evaluation.items():
        measures = result["measures"]
        yield f"\n### {name}, {measures['calls']} calls\n"
        if "note" in result:
            yield f"{result['note']}\n"
        yield "| measure | value [95 % interval] |\n|---|---|"
        yield from (f"| {label} | {interval(measures[row])} |" for row, label in ROWS.items())
        yield f"| calibration error (10 bins) | {measures['calibration_error']:.4f} |"
        if (folder / curve_name(name)).is_file():
            yield f"\n![precision and recall, calibration, thresholds: {name}]({curve_name(name)})"
        yield from _robustness(result)
        if "live" in result:
            yield from _live(result["live"])
        for field in ("form", "scam_type", "legit_kind", "length", "region", "partial"):
            yield f"\n| {field} | recall | honest calls flagged |\n|---|---|---|"
            yield from (
                f"| {key} | {interval(row['recall'])} | {interval(row['false_alarms'])} |"
                for key, row in measures["slices"][field].items()
            )
        if "types_left_out" in result:
            yield "\n| scam type left out of training | recall |\n|---|---|"
            yield from (f"| {kind} | {interval(row)} |" for kind, row in result["types_left_out"].items())
            yield f"| mean | {mean_recall(result['types_left_out']):.3f} |"
        yield from _cue_table("first reader", measures["cues"])
        if "second_reader" in result:
            yield from _cue_table("second reader, blind", result["second_reader"])
        yield "\nHonest calls that looked most like scams:\n"
        yield from map(_quoted, result["failures"]["false_alarms"])
        yield "\nScam calls that looked most honest:\n"
        yield from map(_quoted, result["failures"]["misses"])


def _robustness(result: dict[str, Any]) -> Iterator[str]:
    """Recall in other spellings, and of scams among honest talk."""
    yield "\n| spelling | recall at 1 % false alarms |\n|---|---|"
    yield f"| as it is | {interval(result['measures']['recall_at_1pc'])} |"
    yield from (f"| {noise} | {interval(row)} |" for noise, row in result["noise"].items())
    if "diluted" in result:  # not in evaluations of earlier releases
        yield "\n| diluted | recall at 1 % false alarms | recall | honest calls flagged |\n|---|---|---|---|"
        columns = "recall_at_1pc", "recall", "false_alarms"
        rows = ((way, *(interval(row[column]) for column in columns)) for way, row in result["diluted"].items())
        yield from (f"| {' | '.join(row)} |" for row in rows)


def _live(live: dict[str, Any]) -> Iterator[str]:
    """How early the monitor warns, and on which honest calls."""
    yield "\n| while the call goes on | value |\n|---|---|"
    yield from (f"| {label} | {value} |" for label, value in live_rows(live))
    yield "\n| honest calls ever alerted | share |\n|---|---|"
    yield from (f"| {kind} | {interval(row)} |" for kind, row in live["ever_by_kind"].items())


def _cue_table(reader: str, cues: dict[str, Any]) -> Iterator[str]:
    yield f"\n| cue, per call, against the {reader} | calls | F1 | precision | recall |\n|---|---|---|---|---|"
    yield from (
        f"| {kind} | {row['calls']} | {row['f1']} | {row['precision']} | {row['recall']} |"
        for kind, row in cues.items()
    )


def _quoted(failure: dict[str, Any]) -> str:
    names = {"caller": "A", "callee": "B", None: "?"}
    words = " / ".join(f"{names[speaker]}: {text}" for speaker, text in failure["turns"])
    return f"- {failure['id']} ({failure['kind']}, probability {failure['probability']}): {words}"


def curve_name(name: str) -> str:
    """The file of an evaluation's curves, beside the card."""
    return re.sub(r"\W+", "_", name) + ".png"
