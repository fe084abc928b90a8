"""Print what the shipped model says of a hand's drafts: python data/writing/ask_model.py FOLDER [b3.txt]."""

import pathlib
import sys

from convert import read_folder

import scamtext

folder = pathlib.Path(sys.argv[1])
records, _ = read_folder(folder, folder.resolve().name, *sys.argv[2:])
classifier = scamtext.load()
wrong = 0
for record in records:
    verdict = classifier.classify({"turns": record["turns"]})
    said = verdict.label
    wrong += said != record["label"]
    note = "" if said == record["label"] else "  <- the model is wrong"
    print(f"{record['id']}: you say {record['label']}, the model {verdict.probability:.3f} ({said}){note}")
print(f"the model is wrong on {wrong} of {len(records)}")
