# %% [markdown]
# # What is in the corpus
#
# Look at the calls before any model does: what is there, what is thin, and what tells scams from honest
# calls. All calls are invented (`data/README.md` says how). The authors kept for the final test stay unread
# here.

# %% tags=["parameters"]
DATA = "data/transcripts"  # a JSONL or CSV file, or a folder of them
SPLIT = "data/split.json"  # names the test authors; None for data without
SAMPLE = None  # calls, of whole authors drawn by chance; None: all of them
SEED = 0
CURVE = "data/learning_curve.json"  # measured by `make data-card`

# %%
import json
import os
from pathlib import Path

import joblib
import pandas as pd
from IPython.display import HTML, display
from matplotlib import pyplot as plt

from scamtext import load
from scamtext.evaluation.evaluate import tokenise
from scamtext.evaluation.exploration import cue_shares, describe, read_sample, telling_words, twins
from scamtext.evaluation.plots import STYLE, bars, heat_map, histograms, learning

if Path.cwd().name == "notebooks":  # Jupyter starts here, papermill where it is called
    os.chdir("..")
plt.rcParams.update(STYLE)
calls = read_sample(DATA, SPLIT, SAMPLE, SEED)
table = pd.DataFrame(describe(calls))
scams, honest = table[table.label == "scam"], table[table.label == "honest"]
print(f"{len(calls)} calls by {table.author.nunique()} authors: {len(scams)} scams, {len(honest)} honest")

# %% [markdown]
# ## How many of what
#
# Form and region say how a call was written down and where people talk like that. They should not tell the
# label: bars of one pair should be about equally long.

# %%
forms = pd.crosstab(table.form, table.label)[["scam", "honest"]]
regions = pd.crosstab(table.region, table.label)[["scam", "honest"]]
by_form, by_region = forms.scam / forms.sum(axis=1), regions.scam / regions.sum(axis=1)
figure, axes = plt.subplots(1, 2, figsize=(14, 5))
bars(axes[0], forms, f"By form, {by_form.min():.0%} to {by_form.max():.0%} are scams")
bars(axes[1], regions, f"By region, {by_region.min():.0%} to {by_region.max():.0%}")

# %% [markdown]
# Types and kinds are meant to be even. Hard kinds are honest calls about what scams are about. A short bar is
# where a model has seen little; `03_errors` asks whether it also fails there.

# %%
figure, axes = plt.subplots(1, 2, figsize=(15, 10))
types = scams.kind.value_counts().to_frame("scam")
bars(axes[0], types, f"Scams: from {types.scam.min()} to {types.scam.max()} of a type")
kinds = honest.kind.value_counts().to_frame("honest")
bars(axes[1], kinds, f"Honest: {honest.hard.mean():.0%} are of hard kinds")

# %% [markdown]
# Short calls are hard: there is less to hear. If one label were longer, a model could count syllables instead
# of listening.

# %%
figure, axis = plt.subplots(figsize=(11, 4.5))
lengths = {"scam": scams.syllables, "honest": honest.syllables}
ratio = scams.syllables.median() / honest.syllables.median()
histograms(axis, lengths, f"Scams have {ratio:.2f} times the length of honest calls", "syllables")

# %%
table.groupby(["label", "form"]).syllables.describe(percentiles=[0.5]).round().astype(int)

# %% [markdown]
# ## What scammers do
#
# The share of calls in which a cue occurs. Read a row from left to right: that is how this scam works. The
# two last rows are honest calls, and they are why no single cue is a verdict.

# %%
shares = pd.DataFrame(cue_shares(calls)).T
in_hard_calls = (shares.loc["HONEST, hard"] > 0).sum()
figure, axis = plt.subplots(figsize=(13, 10))
heat_map(axis, shares, f"No cue makes a scam: hard honest calls have {in_hard_calls} of {len(shares.columns)}")

# %% [markdown]
# ## Which words mark them
#
# Words and pairs of words, and how many authors use them in a scam and in an honest call. Authors are counted, so
# that what one of them likes to say does not come up. Scams ask for *sáu số* (a code of six digits) and *hai mặt*
# (both sides of the ID card), say *kết bạn* (let us go on by Zalo), *đừng kể* and *đừng tắt* (tell nobody, stay on
# the line). Honest calls tell of somebody who *xưng* (said he was ...), *dời* (put off), *mang căn cước* (bring your
# ID card to the desk). Were a name or a place among them, the corpus would give labels away.

# %%
with joblib.parallel_config(n_jobs=-1):
    words = pd.DataFrame(telling_words(calls, tokenise(calls))).set_index("words")
marks_scam, marks_honest = words.head(14), words.tail(14)[::-1]
figure, axes = plt.subplots(1, 2, figsize=(15, 10))
for axis, marks, name in zip(axes, (marks_scam, marks_honest), ("a scam", "an honest call"), strict=True):
    bars(axis, marks[["scam", "honest"]], f"What marks {name}: “{marks.index[0]}”", "authors who use it")

# %%
pd.concat([words.head(6), words.tail(6)])

# %% [markdown]
# ## Twins
#
# Two calls that begin alike and part at what is asked. The shipped model marks in yellow what speaks for a
# scam and in green what speaks against it. Compare the asks, not the topics.

# %%
pair = twins(calls, most=160)
assert pair is not None, "no twins in this sample; draw a larger one"
scam, twin = load().classify_many(call.call for call in pair)
columns = "".join(
    f"<td style='vertical-align:top;text-align:left;width:50%'>{v._repr_html_()}</td>" for v in (scam, twin)
)
display(HTML(f"<table><tr><th>scam</th><th>its honest twin</th></tr><tr>{columns}</tr></table>"))

# %% [markdown]
# ## Would more calls help?
#
# Authors left out, learning from a quarter, a half, three quarters and all of the other authors. Each
# doubling is the same step to the right: as long as the line climbs, new authors still help.

# %%
curve = json.loads(Path(CURVE).read_text(encoding="utf-8"))
gain = curve[-1]["recall_at_1pc"] - curve[-2]["recall_at_1pc"]
missed = 1 - curve[-1]["recall_at_1pc"]
figure, axes = plt.subplots(1, 2, figsize=(14, 5))
title = f"The last quarter of the authors added {100 * gain:.1f} points"
learning(axes[0], curve, "recall_at_1pc", title, "recall at 1 % false alarms")
learning(axes[1], curve, "auc", f"ROC-AUC has {1 - curve[-1]['auc']:.2%} left to gain", "ROC-AUC")

# %%
print(f"Still missed with all authors, at 1 % false alarms: {missed:.1%} of the scams.")

# %% [markdown]
# ## What must hold

# %%
assert len(scams) + len(honest) == len(calls)
assert table.id.is_unique
assert abs(ratio - 1) < 0.25, "one label is longer"
assert in_hard_calls > len(shares.columns) / 2, "a cue that no honest call has is a verdict"
assert words.standing.iloc[0] > 0 > words.standing.iloc[-1]
assert scam.probability > twin.probability
assert curve[-1]["auc"] > curve[0]["auc"]
