# %% [markdown]
# # A model for your own calls
#
# From labelled calls to a saved model folder: check them, hold some out, add a cue and the types of your own,
# compare settings, fit, choose a threshold for the false alarms that you can afford, measure, save, reload.
# The worked example is a bank's call notes (`data/samples/own_calls.csv`, 60 of them, invented): a style that
# the shipped model has never seen, and two scams that it has no name for.

# %% tags=["parameters"]
OWN = "data/samples/own_calls.csv"  # your labelled calls: a file, or a folder of them
DATA = "data/transcripts"  # calls to learn from beside them: the project's; None: only your own
SPLIT = "data/split.json"  # names the authors in DATA who are kept for the final test; None: there are none
OUT = "build/my-model"
SAMPLE = None  # calls of DATA, of whole authors drawn by chance; None: all of them
SEED = 0
BUDGET = 0.01  # share of honest calls that may be flagged
FLOOR = 0.97  # ROC-AUC on calls held out under which the model is not worth saving

# %%
import os
import shutil
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from IPython.display import Image, Markdown, display
from matplotlib import pyplot as plt
from sklearn.metrics import make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedGroupKFold

from scamtext import ScamClassifier, load
from scamtext.cues.detector import unmet_examples
from scamtext.cues.lexicon import LEXICONS, Lexicon
from scamtext.errors import DataError
from scamtext.evaluation.corpus import digest, read_corpus
from scamtext.evaluation.evaluate import evaluate, fit, score, tokenise
from scamtext.evaluation.evaluation_plots import draw
from scamtext.evaluation.exploration import draw_sample, kind_of, read_sample
from scamtext.evaluation.metrics import gain, measure, share
from scamtext.evaluation.plots import STYLE, trade
from scamtext.evaluation.review import left_out
from scamtext.evaluation.summary import interval
from scamtext.features.table import marked_kinds
from scamtext.persistence.model_card import curve_name
from scamtext.persistence.model_folder import record_evaluation, save

if Path.cwd().name == "notebooks":  # Jupyter starts here, papermill where it is called
    os.chdir("..")
plt.rcParams.update(STYLE)
work = Path(OUT).parent
work.mkdir(parents=True, exist_ok=True)
busy = {"n_jobs": -1, "verbose": 5}  # all cores; long steps say how far they are

# %% [markdown]
# ## The calls
#
# A CSV with the columns `text` and `label` (`scam` or `legit`) is enough; `type` names the kind of scam, `group`
# what must stay together (a clerk, a branch, a day). JSONL has turns with speakers. Exports of Label Studio and
# doccano are read as they are. Every fault is told at once, with its place, and nothing is guessed; on the command
# line, `scamtext corpus check FILE` does the same.

# %%
faulty = work / "faulty.csv"
faulty.write_text("text,label,type\nalo chị ơi,scam,Card Swap\nmai họp nhé,ok,\n,legit,\n", encoding="utf-8")
try:
    read_corpus(faulty)
except DataError as error:
    print(error)

# %%
own, ours = read_corpus(OWN), read_sample(DATA, SPLIT, SAMPLE, SEED)
calls = [*ours, *own]
source = np.array(["the project's"] * len(ours) + ["your own"] * len(own))
label = np.array([call.label for call in calls])
groups = np.array([call.group for call in calls])
display(pd.crosstab(source, label, rownames=["calls"], colnames=[""]))
known = {call.scam_type for call in ours}
new_types = sorted({call.scam_type for call in own if call.is_scam} - known)
print("types that only your calls have:", ", ".join(map(str, new_types)) or "none")

# %% [markdown]
# ## Hold out
#
# One group in five, of both sources and labels. A random split of calls by the same hand flatters a model.

# %%
strata = [f"{place}, {kind}" for place, kind in zip(source, label, strict=True)]
folds = StratifiedGroupKFold(5, shuffle=True, random_state=SEED)
train, test = next(folds.split(calls, strata, groups))
assert not set(groups[train]) & set(groups[test])
print(f"{len(train)} calls to learn from, {len(test)} held out, of {len(set(groups[test]))} groups")

# %% [markdown]
# ## A cue of your own
#
# Phrases are data: a folder of TOML files (`scamtext/lexicon.py` has the syntax). Copy the project's, add a file,
# and promise what it finds and what not. Here: somebody is to hand over the card that is in use.

# %%
lexicons = work / "lexicons"
shutil.rmtree(lexicons, ignore_errors=True)
shutil.copytree(LEXICONS, lexicons)
(lexicons / "own.toml").write_text(
    """kind = "credential_request"

[[cue]]
phrases = ["(đưa|giao|gửi|lấy|thu|nộp|rút) ..3 thẻ (cũ|chip|đang xài|đang dùng)"]
examples = ["shipper qua lấy thẻ cũ trước", "chị giao cái thẻ đang xài cho em"]
counterexamples = ["thẻ cũ vẫn quẹt được", "gửi chị thẻ mới"]
""",
    encoding="utf-8",
)
assert not unmet_examples(Lexicon.read(lexicons))

# %% [markdown]
# ## Compare settings
#
# `ScamClassifier` is an estimator, so scikit-learn searches it: three folds of whole groups, on a part of the calls.
# What counts is the left edge of the ROC curve (up to 5 % false alarms). A difference far below the standard
# deviation between folds is none.

# %%
part = draw_sample([calls[i] for i in train], 1800, SEED)
search = GridSearchCV(
    ScamClassifier(folds=1, live=False, lexicons=lexicons),  # one fold: no calibration, no thresholds
    {"C": [3.0, 10.0, 30.0], "min_df": [4, 8]},
    scoring=make_scorer(roc_auc_score, response_method="predict_proba", max_fpr=0.05),
    cv=GroupKFold(3),
    n_jobs=-1,
    refit=False,
)
with sklearn.config_context(enable_metadata_routing=True), joblib.parallel_config(**busy):
    search.fit([call.call for call in part], [call.label for call in part], groups=[call.group for call in part])
found = pd.DataFrame(search.cv_results_)
columns = ["param_C", "param_min_df", "mean_test_score", "std_test_score", "rank_test_score"]
found[columns].sort_values("rank_test_score").round(4).set_index("rank_test_score")

# %% [markdown]
# ## Fit
#
# With the best setting. Calibration and thresholds come from calls that the model had not seen (five folds of whole
# groups): at most `BUDGET` of the honest ones may be flagged.

# %%
classifier = ScamClassifier(**search.best_params_, false_alarms=BUDGET, lexicons=lexicons)
with joblib.parallel_config(**busy):
    table = tokenise(calls, lexicons)
    classifier = fit(classifier, [calls[i] for i in train], table.take(train))
print(f"{classifier!r}\nscam from a probability of {classifier.threshold_:.3f}")

# %% [markdown]
# ## How good is it?
#
# On the groups held out, with 95 % intervals.

# %%
held_out = [calls[i] for i in test]
with joblib.parallel_config(**busy):
    result, scored = evaluate(classifier, held_out)
measures = result["measures"]
for name in ("auc", "recall_at_1pc", "recall", "false_alarms", "hard_false_alarms"):
    print(f"{name:<20}", interval(measures[name]))

# %% [markdown]
# What another budget would buy. The dot is the threshold that was chosen without these calls.

# %%
figure, axis = plt.subplots(figsize=(9, 6))
caught, flagged = measures["recall"]["value"], measures["false_alarms"]["value"]
trade(axis, scored, f"{caught:.0%} of scams caught, {flagged:.1%} of honest calls flagged")

# %% [markdown]
# ## What your own calls are worth
#
# Each of them is scored by a model that learnt from the project's calls and from your *other* groups, and by the
# shipped model, which has none of them. Read the intervals: a few dozen calls teach the names of your scams and rank
# your calls a little better; what is caught at a threshold takes hundreds. No threshold for 1 % can be set on 30 honest
# calls, so it comes from all.

# %%
shipped = load()
with joblib.parallel_config(**busy):
    table_of_own = tokenise(own)
    after, _ = left_out(own, table_of_own, (ours, tokenise(ours)), folds=4, false_alarms=BUDGET)
    before = score(shipped, own, table_of_own, cues=False)
rows = {"the shipped model": before, "with your other calls": after}
pd.DataFrame(
    {
        name: {
            "ROC-AUC": interval(measure(asked)["auc"]),
            "scams caught": interval(measure(asked)["recall"]),
            "honest calls flagged": interval(measure(asked)["false_alarms"]),
            "type right, of all scams": interval(
                share(row.scam_type == row.truth.scam_type for row in asked if row.truth.is_scam)
            ),
        }
        for name, asked in rows.items()
    }
)

# %%
print("ROC-AUC gained on the same calls:", interval(gain(before, after)))

# %% [markdown]
# Of your scams that were held out the one of which the new model is surest, as the shipped model reads it, and as the
# new one does, which has a name for the kind.

# %%
candidates = [call for call in held_out if call.scam_type in new_types] or held_out
example = candidates[int(classifier.predict_proba([call.call for call in candidates])[:, 1].argmax())]
print(f"{example.call.id}, {kind_of(example)}")
for model in (shipped, classifier):
    display(model.classify(example.call))

# %% [markdown]
# What the phrase that was added finds in your calls. A find is a feature like a word. A verdict tells it as a cue where
# the turn sounds like it, too; that is learnt from calls whose cues are marked (`turns[].cues`), so mark some of yours.

# %%
before_and_now = {"found before": table_of_own, "found now": table.take(source == "your own")}
found_in = {
    name: ["credential_request" in marked_kinds(row) for row in rows.calls] for name, rows in before_and_now.items()
}
pd.DataFrame(found_in).groupby(label[source == "your own"]).sum()

# %% [markdown]
# ## Save, and write the card
#
# The folder has the model, its lexicons, and a card with these measurements. Nothing in it can run code.

# %%
learnt = [calls[i] for i in train]
about = {"calls": len(learnt), "scams": sum(call.is_scam for call in learnt), "digest": digest(learnt)}
save(classifier, OUT, {"data": about})
draw(scored, Path(OUT) / curve_name("held out"))
record_evaluation(Path(OUT), "held out", result)
display(Image(str(Path(OUT) / curve_name("held out"))))
display(Markdown("\n".join((Path(OUT) / "README.md").read_text(encoding="utf-8").split("\n")[:45])))

# %% [markdown]
# ## What must hold

# %%
again = load(OUT)
asked = [call.call for call in held_out]
assert (again.predict_proba(asked) == classifier.predict_proba(asked)).all(), "the saved model says something else"
assert again.classify(example.call) == classifier.classify(example.call)
assert {path.name for path in (Path(OUT) / "lexicons").iterdir()} == {path.name for path in lexicons.iterdir()}
assert set(new_types) <= set(classifier.type_head_.classes_)
assert measures["auc"]["value"] >= FLOOR, "too weak to be saved"
assert measures["false_alarms"]["low"] <= BUDGET, "more false alarms than the budget allows"
