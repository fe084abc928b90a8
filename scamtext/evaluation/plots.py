"""Pictures for notebooks, drawn on matplotlib axes that are handed in.

They are made to be read in grey and from the back of a room: fills differ by shade and hatch, lines by
marker, text is large, and numbers stand beside what they say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scamtext.evaluation.metrics import Measures, Scored

if TYPE_CHECKING:
    import pandas as pd

# For `matplotlib.pyplot.rcParams`.
STYLE = {
    "figure.dpi": 80,
    "figure.constrained_layout.use": True,
    "font.size": 14,
    "axes.titlesize": 16,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 1.5,
}
FILLS = {
    "scam": {"facecolor": "0.35", "edgecolor": "black"},
    "honest": {"facecolor": "white", "edgecolor": "black", "hatch": "///"},
}
LINES = ({"color": "black", "linestyle": "-"}, {"color": "black", "linestyle": "--"})
DARK = 0.55  # of the scale; from there numbers on a heat map are white
MOST_FLAGGED = 10  # per cent of honest calls; nobody wants to know about more
ROOM = 1.15  # how much longer than its longest bar an axis is, so that its number fits


def bars(axis: Any, table: pd.DataFrame, title: str, label: str = "calls") -> None:
    """Lying bars with their numbers: a group for each row, from the top down; columns are "scam", "honest" or both."""
    width = 0.8 / len(table.columns)
    place = np.arange(len(table))
    for number, name in enumerate(table.columns):
        drawn = axis.barh(place + number * width, table[name], width, label=name, **FILLS[name])
        axis.bar_label(drawn, padding=4, fontsize=12)
    middle = (len(table.columns) - 1) * width / 2
    axis.set_yticks(place + middle, table.index)
    is_pair = len(table.columns) > 1
    # A pair leaves a row free at the bottom, for the legend.
    axis.set(xlabel=label, xlim=(0, ROOM * table.to_numpy().max()), ylim=(len(table) - 0.4 + is_pair, -0.6))
    axis.set_title(title, loc="left")
    if is_pair:
        axis.legend(frameon=False, loc="lower right", ncols=2)


def histograms(axis: Any, groups: Mapping[str, Sequence[float]], title: str, label: str, bins: int = 40) -> None:
    """How values are spread in one or two groups, as shares, with a line at each median."""
    edges = np.histogram_bin_edges(np.concatenate([np.asarray(values) for values in groups.values()]), bins)
    for line, (name, values) in zip(LINES, groups.items(), strict=False):
        weights = np.full(len(values), 1 / len(values))
        middle = float(np.median(values))
        label_of_line = f"{name}, median {middle:.0f}"
        axis.hist(values, edges, weights=weights, histtype="step", linewidth=2.5, label=label_of_line, **line)
        axis.axvline(middle, linewidth=1.2, **line)
    axis.set(xlabel=label, ylabel="share of calls")
    axis.set_title(title, loc="left")
    axis.legend(frameon=False)


def heat_map(axis: Any, shares: pd.DataFrame, title: str, notes: pd.DataFrame | None = None) -> None:
    """Shares as greys, each with its number in per cent (and, below that, what `notes` has)."""
    values = shares.to_numpy()
    axis.imshow(values, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        note = "" if notes is None else f"\n{notes.to_numpy()[row, column]}"
        text = "-" if np.isnan(value) else f"{value:.0%}{note}"
        axis.text(column, row, text, ha="center", va="center", color="white" if value >= DARK else "black", fontsize=12)
    axis.set_xticks(range(len(shares.columns)), shares.columns, rotation=35, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(shares)), shares.index)
    axis.set_title(title, loc="left")


def intervals(axis: Any, found: Mapping[str, Measures], title: str, label: str) -> None:
    """A dot with its exact interval for each name, from the top down, and how many calls it stands for."""
    value, low, high = (np.array([row[part] for row in found.values()]) for part in ("value", "low", "high"))
    place = np.arange(len(found))
    axis.errorbar(value, place, xerr=(value - low, high - value), fmt="o", color="black", capsize=4, markersize=8)
    names = [f"{name} ({row['hits']} of {row['n']})" for name, row in found.items()]
    axis.set_yticks(place, names)
    axis.set(xlabel=label, xlim=(-0.01, None), ylim=(len(found) - 0.5, -0.5))
    axis.grid(axis="x", alpha=0.4)
    axis.set_title(title, loc="left")


def learning(axis: Any, curve: Sequence[Measures], measure: str, title: str, label: str) -> None:
    """A measure against the number of calls that were learnt from, on a scale where doublings are equally far apart."""
    calls, values = [row["calls"] for row in curve], [row[measure] for row in curve]
    axis.plot(calls, values, marker="o", markersize=9, linewidth=2, color="black")
    for count, value in zip(calls, values, strict=True):
        axis.annotate(f"{value:.3f}", (count, value), (6, -20), textcoords="offset points")
    axis.set_xscale("log")
    axis.minorticks_off()
    axis.set_xticks(calls, [f"{count:,}" for count in calls])
    axis.set(xlabel="calls to learn from (log scale)", ylabel=label)
    axis.margins(0.15, 0.2)
    axis.grid(alpha=0.4)
    axis.set_title(title, loc="left")


def reliability(axis: Any, bins: Sequence[Measures], title: str) -> None:
    """What happened against what was said, with exact intervals and the sizes of the bins (`review.calibration`)."""
    said, value, low, high = (np.array([row[part] for row in bins]) for part in ("said", "value", "low", "high"))
    axis.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axis.errorbar(
        said, value, yerr=(value - low, high - value), fmt="o", color="black", capsize=4, markersize=8, label="measured"
    )
    for row in bins:
        axis.annotate(f"{row['n']}", (row["said"], row["value"]), (8, -16), textcoords="offset points", fontsize=12)
    axis.set(xlabel="probability of scam that was said", ylabel="share that was a scam", xlim=(-0.03, 1.08))
    axis.grid(alpha=0.4)
    axis.legend(frameon=False, loc="upper left")
    axis.set_title(title, loc="left")


def trade(axis: Any, scored: Sequence[Scored], title: str) -> None:
    """Scams caught against honest calls flagged, at every threshold, with a dot where the model's own stands."""
    probability = np.array([row.probability for row in scored])
    is_scam = np.array([row.truth.is_scam for row in scored])
    lines = np.append(np.unique(probability)[::-1], 0.0)
    flagged, caught = (
        100 * np.array([(probability[rows] >= line).mean() for line in lines]) for rows in (~is_scam, is_scam)
    )
    axis.step(flagged, caught, where="post", color="black", linewidth=2)
    own = np.array([row.flagged for row in scored])
    axis.plot(100 * own[~is_scam].mean(), 100 * own[is_scam].mean(), "o", color="black", markersize=12, label="its own")
    axis.set(xlabel="% of honest calls flagged", ylabel="% of scams caught", xlim=(-0.2, MOST_FLAGGED), ylim=(0, 101))
    axis.grid(alpha=0.4)
    axis.legend(frameon=False, loc="lower right", title="threshold")
    axis.set_title(title, loc="left")
