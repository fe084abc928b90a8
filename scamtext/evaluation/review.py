"""What the errors of a model on authors left out tell of the data: wrong labels, doubles, what to write next."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.stats import binomtest

from scamtext.classifier import ScamClassifier
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.evaluate import CLEAN, FOLDS, authors_left_out, score
from scamtext.evaluation.exploration import Row, in_words, kind_of, label_of
from scamtext.evaluation.leakage import near_duplicates
from scamtext.evaluation.metrics import BINS, Measures, Scored, share
from scamtext.features.table import Table
from scamtext.labels import FORMS, LEGIT, SCAM, SCAM_TYPES
from scamtext.training.examples import Examples
from scamtext.training.thresholds import choose_thresholds
from scamtext.verdict.results import Verdict

BEGINNING = 60  # characters of a call that tables show
EVEN = 0.5  # the probability of a call that may as well be one as the other


def recipe(**parameters: Any) -> ScamClassifier:
    """What is reviewed: the shipped model, but calibrated on fewer folds and without its ear for calls that go on.

    That is quicker; thresholds and probabilities differ a little from those of the shipped parameters.
    """
    return ScamClassifier(folds=3, live=False, **parameters)


def left_out(
    calls: Sequence[LabelledCall],
    table: Table,
    beside: tuple[Sequence[LabelledCall], Table] | None = None,
    folds: int = FOLDS,
    **parameters: Any,
) -> tuple[list[Scored], dict[str, Verdict]]:
    """Every call scored by a model that had not seen its author, and that model's verdict on its errors, by id.

    Cues are the lexicon's finds: learning them too would take longer and change no score.

    Parameters
    ----------
    beside : calls, and their table, that every model learns from too.
    folds : models; each is scored on the authors that it did not learn from.
    parameters : of the classifier, where they are not those of `recipe`.
    """
    if beside is not None:
        beside = _without_cues(beside[0]), beside[1]
    answers = authors_left_out(
        recipe(**parameters), _without_cues(calls), {CLEAN: table}, _ask_with_verdicts, beside, folds
    )[CLEAN]
    scored = [replace(row, truth=call) for (row, _), call in zip(answers, calls, strict=True)]
    return scored, {str(row.truth.call.id): verdict for row, verdict in answers if verdict is not None}


def _ask_with_verdicts(
    classifier: ScamClassifier, calls: Sequence[LabelledCall], tables: Mapping[str, Table]
) -> dict[str, list[Any]]:
    """What a fitted classifier says of calls, each with its verdict where that is wrong, else None."""
    scored = score(classifier, calls, tables[CLEAN], cues=False)
    return {CLEAN: [(row, classifier.classify(row.truth.call) if is_wrong(row) else None) for row in scored]}


def _without_cues(calls: Sequence[LabelledCall]) -> list[LabelledCall]:
    return [replace(call, cues=None) for call in calls]


def threshold(calls: Sequence[LabelledCall], table: Table) -> float:
    """The probability from which a model that learns from these calls would say scam."""
    labels, groups, reviewed = zip(*((call.label, call.group, call.reviewed) for call in calls), strict=True)
    return choose_thresholds(Examples.of(table, labels, None, groups, None, reviewed), recipe().get_params()).threshold


def is_wrong(row: Scored) -> bool:
    """A false alarm or a miss."""
    return row.flagged != row.truth.is_scam


def worst_errors(scored: Sequence[Scored]) -> tuple[list[Scored], list[Scored]]:
    """False alarms from the most probable down, and misses from the least probable up."""
    wrong = sorted(filter(is_wrong, scored), key=lambda row: row.probability)
    return [row for row in wrong[::-1] if row.flagged], [row for row in wrong if not row.flagged]


def error_shares(scored: Sequence[Scored], label: str) -> dict[str, Measures]:
    """The share of errors in each kind of call with this label, with exact intervals, from the worst kind down."""
    kinds: dict[str, list[bool]] = {}
    for row in scored:
        if row.truth.label == label:
            kinds.setdefault(kind_of(row.truth), []).append(is_wrong(row))
    found = {kind: share(errors) for kind, errors in kinds.items()}
    return dict(sorted(found.items(), key=lambda item: (-item[1]["value"], item[0])))


def calibration(scored: Sequence[Scored]) -> list[Measures]:
    """For each tenth of probability that was said: its mean, and the share that was a scam, with exact intervals."""
    bins: dict[int, list[Scored]] = {}
    for row in scored:
        bins.setdefault(min(int(row.probability * BINS), BINS - 1), []).append(row)
    return [
        {"said": float(np.mean([row.probability for row in rows])), **share(row.truth.is_scam for row in rows)}
        for _, rows in sorted(bins.items())
    ]


def suspected_labels(scored: Sequence[Scored]) -> list[Row]:
    """All calls, from the one whose given label the model believes least.

    The model had not seen the call's author (`left_out`). A call is `suspect` when the model gives the other
    label at least the probability that it gives, on average, to calls which bear that label (confident
    learning, Northcutt et al. 2021). Of these, some are wrongly labelled and some are only hard: read them.
    """
    usual = {
        label: np.mean([_belief(row, label) for row in scored if row.truth.label == label]) for label in (SCAM, LEGIT)
    }
    ranked = sorted(scored, key=belief)
    return [
        {
            **_shown(row),
            "belief": round(belief(row), 4),
            "suspect": bool(_belief(row, other := _other(row.truth.label)) >= usual[other]),
        }
        for row in ranked
    ]


def belief(row: Scored) -> float:
    """The probability that the model gives to the label that a call was given."""
    return _belief(row, row.truth.label)


def _belief(row: Scored, label: str) -> float:
    """The probability that the model gives to a label."""
    return row.probability if label == SCAM else 1 - row.probability


def _other(label: str) -> str:
    return LEGIT if label == SCAM else SCAM


def _shown(row: Scored) -> Row:
    return {
        "id": row.truth.call.id,
        "given": label_of(row.truth),
        "kind": kind_of(row.truth),
        "begins": _beginning(row.truth),
    }


def _beginning(call: LabelledCall) -> str:
    """The first words of a call, in one line."""
    return textwrap.shorten(call.call.text, BEGINNING, placeholder=" ...")


def relabelled(calls: Sequence[LabelledCall], id: str) -> list[LabelledCall]:
    """The calls, one of them with the other label (and without a type, which the old label gave it)."""
    return [
        replace(call, label=_other(call.label), scam_type=None, legit_kind=None) if call.call.id == id else call
        for call in calls
    ]


def doubles_between_authors(calls: Sequence[LabelledCall], least: float) -> list[Row]:
    """Pairs of calls by different authors with over `least` of their strings in common (`spoil.near_duplicates`).

    Two hands that wrote the same call leak it from one side of a split to the other.
    """
    known = {str(call.call.id): call for call in calls}
    pairs = [(overlap, known[first], known[second]) for overlap, first, second in near_duplicates(calls, least)]
    return [
        {
            "overlap": overlap,
            "first": first.call.id,
            "second": second.call.id,
            "labels": label_of(first) if first.label == second.label else "DIFFER",
            "begins": _beginning(first),
        }
        for overlap, first, second in pairs
        if first.group != second.group
    ]


def uncertain(scored: Sequence[Scored], most: int) -> list[Row]:
    """The calls of which the model knows least what they are: probabilities nearest to 0.5."""
    ranked = sorted(scored, key=lambda row: abs(row.probability - EVEN))
    return [{**_shown(row), "probability": round(row.probability, 3)} for row in ranked[:most]]


def regions(scored: Sequence[Scored]) -> list[Row]:
    """Each scam type in each form that the corpus has: calls, how many were recall."""
    scams = [row for row in scored if row.truth.is_scam]
    types = [kind for kind in SCAM_TYPES if any(row.truth.scam_type == kind for row in scams)]
    forms = [form for form in FORMS if any(row.truth.form == form for row in scams)]
    caught = {
        (kind, form): [row.flagged for row in scams if (row.truth.scam_type, row.truth.form) == (kind, form)]
        for kind in types
        for form in forms
    }
    return [
        {
            "type": in_words(kind),
            "form": in_words(form),
            "calls": len(hits),
            "caught": sum(hits),
            "recall": share(hits)["value"],
        }
        for (kind, form), hits in caught.items()
    ]


def writing_plan(scored: Sequence[Scored], budget: int) -> list[Row]:
    """Which scams to write next: `budget` calls laid out over types and forms (`to_write` of each row).

    Each call goes where recall may be worst, by the lower end of its exact interval: that is low where
    scams are missed, and where there are few. What is planned counts as caught, so that the next goes elsewhere.
    """
    plan = [
        {**row, "to_write": 0, "recall_may_be": _least_recall(row["caught"], row["calls"])} for row in regions(scored)
    ]
    for _ in range(budget if plan else 0):
        row = min(plan, key=lambda row: row["recall_may_be"])
        row["to_write"] += 1
        row["recall_may_be"] = _least_recall(row["caught"] + row["to_write"], row["calls"] + row["to_write"])
    for row in plan:
        row["recall_may_be"] = round(_least_recall(row["caught"], row["calls"]), 3)
    return sorted(plan, key=lambda row: -row["to_write"])


def _least_recall(caught: int, calls: int) -> float:
    return float(binomtest(caught, calls).proportion_ci(0.95, method="exact").low) if calls else 0.0
