# %% [markdown]
# # Where the model errs, and what to do about it
#
# Every call of a sample is scored by a model that has not seen its author. Then: read the worst errors, see
# which kinds they are, ask whether the label is wrong rather than the model, and decide which calls to read
# again and which to write next. The authors kept for the final test stay unread.

# %% tags=["parameters"]
DATA = "data/transcripts"  # a JSONL or CSV file, or a folder of them
SPLIT = "data/split.json"  # names the test authors; None for data without
SAMPLE = 900  # calls, of whole authors drawn by chance; None: all of them, which takes long
SEED = 0
BUDGET = 40  # calls that can be read again, and calls that can be written

# %%
import os
from pathlib import Path

import joblib
import pandas as pd
from IPython.display import Markdown, display
from matplotlib import pyplot as plt

from scamtext.evaluation.evaluate import tokenise
from scamtext.evaluation.exploration import in_words, kind_of, read_sample
from scamtext.evaluation.metrics import measure
from scamtext.evaluation.plots import STYLE, heat_map, intervals, reliability
from scamtext.evaluation.review import (
    belief,
    calibration,
    doubles_between_authors,
    error_shares,
    left_out,
    relabelled,
    suspected_labels,
    threshold,
    uncertain,
    worst_errors,
    writing_plan,
)
from scamtext.evaluation.summary import interval

if Path.cwd().name == "notebooks":  # Jupyter starts here, papermill where it is called
    os.chdir("..")
plt.rcParams.update(STYLE)
pd.set_option("display.max_colwidth", 80)
calls = read_sample(DATA, SPLIT, SAMPLE, SEED)
authors = {call.group for call in calls}
print(f"{len(calls)} calls by {len(authors)} authors")

# %% [markdown]
# A sample of the authors teaches less than all of them, so these numbers are worse than those of the shipped
# model (`models/vi`). Read the errors, not the numbers.

# %%
with joblib.parallel_config(n_jobs=-1):
    table = tokenise(calls)
    scored, verdicts = left_out(calls, table, folds=5)
measures = measure(scored)
for name in ("auc", "recall", "false_alarms", "hard_false_alarms"):
    print(f"{name:<20}", interval(measures[name]))

# %% [markdown]
# ## The worst errors
#
# Honest calls of which the model is surest that they are scams, with its own reasons: yellow speaks for a
# scam, green against. Read what is yellow: is it the ask, or only the topic?

# %%
alarms, misses = worst_errors(scored)
for row in alarms[:2]:
    display(Markdown(f"**{row.truth.call.id}** is honest ({kind_of(row.truth)})"))
    display(verdicts[row.truth.call.id])

# %% [markdown]
# Scams of which it is surest that they are honest. A scam that stops before the ask, or asks in words that
# nobody else used, looks like this; more such calls help, a lower threshold does not.

# %%
for row in misses[:2]:
    display(Markdown(f"**{row.truth.call.id}** is a scam ({kind_of(row.truth)}, {in_words(row.truth.form)})"))
    display(verdicts[row.truth.call.id])

# %% [markdown]
# ## Which kinds
#
# Exact 95 % intervals. Where an interval is wide, count before you conclude: one kind is worse than another
# only if their intervals hardly overlap.

# %%
missed, flagged = error_shares(scored, "scam"), error_shares(scored, "legit")
figure, axes = plt.subplots(1, 2, figsize=(17, 10))
intervals(axes[0], missed, f"Missed most: {next(iter(missed))}", "share of scams missed")
ever = sum(row["hits"] > 0 for row in flagged.values())
intervals(axes[1], flagged, f"{ever} of {len(flagged)} honest kinds were flagged", "share of honest calls flagged")

# %% [markdown]
# ## Can the probabilities be believed?
#
# On the dotted line, of the calls that were given 30 %, 30 % are scams. The numbers count calls: most stand at the
# ends, and the few between are the ones to read. Lines show what chance alone may do (exact 95 % intervals).

# %%
figure, axis = plt.subplots(figsize=(9, 6.5))
title = f"Probabilities are {100 * measures['calibration_error']:.1f} points off on average"
reliability(axis, calibration(scored), title)

# %% [markdown]
# ## Is it the label that is wrong?
#
# Calls whose given label the model believes least. `suspect` are those to which it gives the other label as
# surely as it does to calls that bear that label. In a corpus that two readers agree on, most of these are
# hard and rightly labelled; in calls labelled in a hurry, most are mistakes. Either way they are the ones to
# read first.

# %%
suspects = pd.DataFrame(suspected_labels(scored)).set_index("id")
print(f"{suspects.suspect.sum()} of {len(suspects)} labels are suspect")
suspects.head(10)

# %% [markdown]
# ## The same call twice?
#
# The pairs by different authors that have most of their rows of five characters in common. Over 0.5 is one call in
# two versions: drop one, or the model is tested on what it has learnt. Where labels `DIFFER`, read both.
# The tests of the corpus fail over 0.5.

# %%
doubles = pd.DataFrame(doubles_between_authors(calls, 0.15), columns=["overlap", "first", "second", "labels", "begins"])
doubles.head(8)

# %% [markdown]
# ## What to read again
#
# The calls about which the model knows least. Where labels cost money, buy these first: they teach more than
# calls of which it is sure.

# %%
pd.DataFrame(uncertain(scored, BUDGET)).set_index("id").head(10)

# %% [markdown]
# ## What to write next
#
# Recall by type and form, with the number of calls. White is weak, and a dark field of five calls says
# little.

# %%
plan = pd.DataFrame(writing_plan(scored, BUDGET))
recall, sizes = (plan.pivot(index="type", columns="form", values=name) for name in ("recall", "calls"))
thin = plan.iloc[0]
figure, axis = plt.subplots(figsize=(10, 11))
heat_map(axis, recall, f"Weakest field: {thin.type}, {thin.form}", sizes)

# %% [markdown]
# Each call of the budget goes where recall may be lowest (the lower end of the exact interval): where scams
# are missed, and where few have been written.

# %%
plan[plan.to_write > 0].head(12)

# %% [markdown]
# ## Relabel one call and see
#
# Say that the first suspect among the honest calls was read and found to be a scam. Its own probability stays as
# it was, for it is never scored by a model that learnt from it. The belief in its label turns round. Calibration
# and threshold are set anew on all out-of-fold scores, and recall moves with them: that is what **one** label in a
# sample of this size is worth.

# %%
chosen = suspects[suspects.given == "honest"].index[0]
again = relabelled(calls, chosen)
with joblib.parallel_config(n_jobs=-1):
    rescored, _ = left_out(again, table, folds=5)
before, after = ({row.truth.call.id: row for row in rows}[chosen] for rows in (scored, rescored))
effect = pd.DataFrame(
    {
        "label of the call": [before.truth.label, after.truth.label],
        "its probability of scam": [before.probability, after.probability],
        "belief in its label": [belief(before), belief(after)],
        "threshold": [threshold(calls, table), threshold(again, table)],
        "recall": [measures["recall"]["value"], measure(rescored)["recall"]["value"]],
    },
    index=["before", "after"],
)
effect.round(4).T

# %% [markdown]
# ## What must hold

# %%
assert len(scored) == len(calls)
assert measures["auc"]["value"] > 0.5
assert len(verdicts) == len(alarms) + len(misses)
assert suspects.belief.is_monotonic_increasing
assert doubles.overlap.max() < 0.5 or doubles.empty, "two authors wrote the same call"
assert plan.to_write.sum() == BUDGET
assert before.probability == after.probability, "a call was learnt from before it was scored"
assert abs(belief(before) + belief(after) - 1) < 1e-9
