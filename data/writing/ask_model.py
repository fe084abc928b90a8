"""Print what a model says of a hand's drafts: python data/writing/ask_model.py FOLDER [b3.txt] [--model models/vi]."""

import argparse
import pathlib

from convert import read_folder

import scamtext

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("names", nargs="?", default="b*.txt")
parser.add_argument("--model")
options = parser.parse_args()
records, _ = read_folder(options.folder, options.folder.resolve().name, options.names)
classifier = scamtext.load(options.model)
wrong = 0
for record in records:
    verdict = classifier.classify({"turns": record["turns"]})
    wrong += verdict.label != record["label"]
    note = "" if verdict.label == record["label"] else "  <- the model is wrong"
    print(f"{record['id']}: you say {record['label']}, the model {verdict.probability:.3f} ({verdict.label}){note}")
print(f"the model is wrong on {wrong} of {len(records)}")
