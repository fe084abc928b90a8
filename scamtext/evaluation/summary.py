"""Evaluations as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from scamtext.evaluation.metrics import Measures


def summary(result: dict[str, Any]) -> str:
    """An evaluation as a text for the terminal."""
    measures = result["measures"]
    lines = [f"{measures['calls']} calls"]
    names = ("auc", "recall_at_1pc", "recall", "false_alarms", "hard_false_alarms", "type_right")
    lines += [f"{name:<22} {interval(measures[name])}" for name in names]
    lines.append(f"{'calibration_error':<22} {measures['calibration_error']:.4f}")
    for name, slices in measures["slices"].items():
        lines += ["", f"by {name:<19} {'recall':<32} false alarms"]
        lines += [
            f"  {key:<20} {interval(row['recall']):<32} {interval(row['false_alarms'])}" for key, row in slices.items()
        ]
    lines += ["", "recall at 1 % false alarms in other spellings"]
    lines += [f"  {name:<20} {interval(row)}" for name, row in result["noise"].items()]
    lines += ["", f"{'diluted, some calls':<22} {'recall at 1 %':<32} {'recall':<32} false alarms"]
    lines += [f"  {name:<20} {'  '.join(map(interval, row.values()))}" for name, row in result["diluted"].items()]
    if "live" in result:
        lines += ["", "while the call goes on"]
        lines += [f"  {label:<34} {value}" for label, value in live_rows(result["live"])]
        lines += ["", "honest calls ever alerted, by kind"]
        lines += [f"  {kind:<20} {interval(row)}" for kind, row in result["live"]["ever_by_kind"].items()]
    if "types_left_out" in result:
        lines += ["", "recall on a scam type never seen in training"]
        lines += [f"  {kind:<20} {interval(row)}" for kind, row in result["types_left_out"].items()]
        lines.append(f"  {'mean':<20} {mean_recall(result['types_left_out']):.3f}")
    readers = {"first reader": measures["cues"], "second reader": result.get("second_reader", {})}
    for reader, cues in readers.items():
        lines += ["", f"{'cues, ' + reader:<22} {'F1':<6} {'precision':<10} recall"] if cues else []
        lines += [
            f"  {kind:<20} {_number(row['f1']):<6} {_number(row['precision']):<10} {_number(row['recall'])}"
            for kind, row in cues.items()
        ]
    return "\n".join(lines)


def live_rows(live: Measures) -> list[tuple[str, str]]:
    """What `live.measure_live` found, in words, the number with its interval."""
    return [
        *((f"scams alerted by {part} of the turns", interval(row)) for part, row in live["alerted_by"].items()),
        ("scams alerted, or flagged at the end", interval(live["finished"])),
        ("alerted before the first ask", interval(live["before_ask"])),
        ("alerted by the end of the first ask", interval(live["by_ask"])),
        ("alerted before the next answer", interval(live["before_answer"])),
        ("median syllables until the alert", str(live["syllables_until_alert"])),
        ("honest calls ever alerted", interval(live["ever"])),
        ("honest calls alerted or flagged", interval(live["ever_or_finished"])),
    ]


def mean_recall(by_type: dict[str, Measures]) -> float:
    """The mean over scam types, each counted once."""
    return float(np.mean([row["value"] for row in by_type.values()]))


def interval(row: Measures) -> str:
    """A measure with its interval and its count.

    >>> from scamtext.evaluation.metrics import share
    >>> interval(share([True, True, False, True]))
    '0.750 [0.194, 0.994] n=4'
    """
    if row["value"] is None:
        return "-"
    return f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}] n={row['n']}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
