"""The gate: floors under the measures of a frozen test, which are raised gladly and lowered only with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scamtext.errors import DataError

SLACK = 0.02  # under what the whole test measures; false alarms and slices get the far end of their interval
FEWEST = 20  # calls; measures of fewer say too little to pin
HEADLINES = ("auc", "recall_at_1pc", "recall", "type_right")
CEILING = "false_alarms"
CEILINGS = (CEILING, f"hard_{CEILING}")
SLICED = ("form", "scam_type", "length", "region")


def floors_of(result: dict[str, Any]) -> dict[str, float]:
    """What an evaluation (`evaluate.evaluate`) must reach next time.

    A name that ends in "false_alarms" is a ceiling, every other one a floor.
    """
    return {name: round(bound, 4) for name, _, bound in _measured(result)}


def _measured(result: dict[str, Any]) -> Iterator[tuple[str, float, float]]:
    """Every measure that says enough to be pinned: its name, its value, and the bound it sets."""
    measures = result["measures"]
    whole = {name: measures[name] for name in HEADLINES}
    whole |= {f"noise/{noise}/recall_at_1pc": row for noise, row in result["noise"].items()}
    whole |= {f"cues/{kind}/f1": {"value": row["f1"], "n": row["calls"]} for kind, row in measures["cues"].items()}
    live = result["live"]
    whole |= {
        "live/by_half": live["alerted_by"]["50%"],
        "live/by_ask": live["by_ask"],
        "live/finished": live["finished"],
    }
    for name, row in whole.items():
        if row["n"] >= FEWEST and row["value"] is not None:
            yield name, row["value"], row["value"] - SLACK
    parts = {name: measures[name] for name in CEILINGS}
    parts[f"live/{CEILING}"] = live["ever"]
    for way, row in result["diluted"].items():
        parts |= {f"diluted/{way}/{name}": measured for name, measured in row.items()}
    for field in SLICED:
        for key, row in measures["slices"][field].items():
            parts |= {f"{field}/{key}/{name}": row[name] for name in ("recall", "false_alarms")}
    for name, row in parts.items():
        if row["n"] >= FEWEST:
            yield name, row["value"], row["high" if name.endswith(CEILING) else "low"]


def _is_worse(name: str, value: float, bound: float) -> bool:
    return value > bound if name.endswith(CEILING) else value < bound


def check(result: dict[str, Any], digest: str, path: Path) -> int:
    """Compare an evaluation with the floors in a file; returns how many were checked.

    Raises
    ------
    DataError : the test calls are not those of the floors, a measure is missing or worse than
        its floor, or there is nothing to check.
    """
    pinned = _read(path)
    if pinned["digest"] != digest:
        raise DataError(f"{path}: floors of test calls {pinned['digest'][:16]}, these are {digest[:16]}; pin again")
    values = {name: value for name, value, _ in _measured(result)}
    faults = []
    for name, bound in pinned["floors"].items():
        value = values.get(name)
        if value is None:
            faults.append(f"{name}: not measured, floor {bound}")
        elif _is_worse(name, value, bound):
            faults.append(f"{name}: {value}, floor {bound}")
    if not pinned["floors"]:
        faults.append("no floors: nothing was checked")
    if faults:
        raise DataError(f"{path}: {len(faults)} of {len(pinned['floors'])} floors not met\n" + "\n".join(faults))
    return len(pinned["floors"])


def pin(result: dict[str, Any], digest: str, path: Path, reason: str | None = None) -> None:
    """Write the floors of an evaluation; keeps, with its reason, the list of what was ever lowered.

    Raises
    ------
    DataError : there is nothing to pin; or a floor would be lowered or dropped, or the test calls
        are others, and no reason is given.
    """
    floors = floors_of(result)
    if not floors:
        raise DataError(f"{path}: too few calls to pin a floor; {FEWEST} of a label say something")
    lowered: list[dict[str, Any]] = []
    if path.is_file():
        old = _read(path)
        lowered = old["lowered"]
        worse = [
            f"{name}: {bound} -> {floors.get(name)}"
            for name, bound in old["floors"].items()
            if name not in floors or _is_worse(name, floors[name], bound)
        ]
        if old["digest"] != digest:
            worse.insert(0, f"other test calls: {old['digest'][:16]} -> {digest[:16]}")
        if worse and not reason:
            raise DataError(f"{path}: pinning would lower floors; give --lower REASON\n" + "\n".join(worse))
        lowered += [{"reason": reason, "what": worse}] if worse else []
    text = json.dumps({"digest": digest, "floors": floors, "lowered": lowered}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        pinned = json.loads(path.read_text(encoding="utf-8"))
        return {name: pinned[name] for name in ("digest", "floors", "lowered")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: no floors here ({error}); write them with scamtext gate --pin") from error
