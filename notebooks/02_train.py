# %% [markdown]
# # Retrain on labelled calls
#
# Set `DATA` to your own JSONL or CSV file, or a folder of them (`data/README.md` has the schema; `id`,
# `label` and the text are enough) and `SPLIT` to `None`, or add your calls to the corpus of the project.

# %% tags=["parameters"]
DATA = "data/transcripts"
SPLIT = "data/split.json"  # names the test authors, who are left alone; None: there are none
SAMPLE = 456  # calls, of whole authors; None: all of them
SEED = 0

# %%
import os
from pathlib import Path

from scamtext import ScamClassifier, load
from scamtext.evaluate import evaluate
from scamtext.explore import read_sample
from scamtext.measures import interval
from scamtext.store import save

if Path.cwd().name == "notebooks":  # Jupyter starts here, papermill where it is called
    os.chdir("..")
calls = read_sample(DATA, SPLIT, SAMPLE, SEED)
len(calls), sum(call.is_scam for call in calls)

# %% [markdown]
# Hold out whole authors: a random split of calls by the same hand flatters the model.

# %%
held_out = sorted({call.group for call in calls})[-2:]
train = [call for call in calls if call.group not in held_out]
test = [call for call in calls if call.group in held_out]

# %%
classifier = ScamClassifier().fit(
    [call.call for call in train],
    [call.label for call in train],
    scam_type=[call.scam_type for call in train],
    groups=[call.group for call in train],
    cues=[call.cues for call in train],
)
classifier.threshold_

# %% [markdown]
# How good is it on authors it has not seen? A few authors teach far less than the many behind the shipped
# model.

# %%
result, scored = evaluate(classifier, test)
measures = result["measures"]
for name in ("auc", "recall", "false_alarms", "hard_false_alarms"):
    print(f"{name:<20}", interval(measures[name]))

# %% [markdown]
# A verdict shows its evidence in the notebook.

# %%
classifier.classify(next(call.call for call in test if call.is_scam))

# %% [markdown]
# Save a model folder and load it back; nothing in it can run code.

# %%
import tempfile

with tempfile.TemporaryDirectory() as folder:
    again = load(save(classifier, Path(folder) / "my-model"))
    assert (again.predict_proba([test[0].call]) == classifier.predict_proba([test[0].call])).all()
