"""Check a hand's drafts (b*.txt, the format of brief.md) and write them as transcript records.

.venv/bin/python data/writing/convert.py FOLDER [--author a105] [--in-loop] [--out FILE.jsonl]

Prints one line per fault; exit status 1 if there is any.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import re
import sys
import unicodedata

from scamtext.labels import CUE_KINDS, FORMS, HARD_KINDS, PLAIN_KINDS, REGIONS, SCAM_TYPES

LEGIT_KINDS = {*HARD_KINDS, *PLAIN_KINDS, "scam_warning", "role_play", "it_support", "lawful_other"}
SPEAKERS = {"C": "caller", "N": "callee", "-": None}
MARK = re.compile(r"\{(\w+):([^{}]*)\}")
HEADER = re.compile(r"===\s*(\d+)\s*\|(.*)")


def read_turn(line: str) -> tuple[dict, list[str]]:
    """Return one turn with its cue spans, and the faults of its marks."""
    who, _, body = line.partition(":")
    text, spans, faults, at = "", [], [], 0
    body = body.strip()
    for mark in MARK.finditer(body):
        text += body[at : mark.start()]
        kind, words = mark.group(1), mark.group(2)
        left = len(words) - len(words.lstrip())
        start = len(text) + left
        spans.append({"kind": kind, "start": start, "end": start + len(words.strip())})
        text += words
        at = mark.end()
        if kind not in CUE_KINDS:
            faults.append(f"unknown cue {kind!r}")
    text += body[at:]
    if "{" in text or "}" in text:
        faults.append("unbalanced braces")
    if not text.strip():
        faults.append("empty turn")
    return {
        "speaker": SPEAKERS[who],
        "text": text,
        "cues": sorted({span["kind"] for span in spans}),
        "spans": spans,
    }, faults


def read_header(fields: list[str], author: str, number: str) -> tuple[dict, list[str]]:
    """Return the record a header opens (no turns yet) and its faults."""
    faults = []
    label, kind, form, region, *rest = [field.strip() for field in fields] + [""] * max(0, 4 - len(fields))
    if label not in ("scam", "legit"):
        faults.append(f"label {label!r}")
    if kind not in (SCAM_TYPES if label == "scam" else LEGIT_KINDS):
        faults.append(f"{label} kind {kind!r}")
    if form not in FORMS:
        faults.append(f"form {form!r}")
    if region not in REGIONS:
        faults.append(f"region {region!r}")
    record = {
        "id": f"{author}-{int(number):03d}",
        "label": label,
        "scam_type": kind if label == "scam" else None,
        "legit_kind": kind if label == "legit" else None,
        "author": author,
        "plot": f"{author}-{int(number):03d}",
        "pair": None,
        "region": region,
        "form": form,
        "partial": False,
        "second_reader": None,
    }
    for field in filter(None, rest):
        word, _, value = field.partition(" ")
        if word == "partial":
            record["partial"] = True
        elif word == "pair" and value:
            record["pair"] = f"{author}-p{value.strip()}"
        elif word == "case" and value:
            record["case"] = value.strip()
        else:
            faults.append(f"field {field!r}")
    return record, faults


def read_folder(folder: pathlib.Path, author: str, names: str = "b*.txt") -> tuple[list[dict], list[str]]:
    """Return every record of the folder's files of these names, and all faults."""
    records, faults = [], []
    files = sorted(folder.glob(names), key=lambda path: int(re.sub(r"\D", "", path.stem) or 0))
    for path in files:
        text = unicodedata.normalize("NFC", path.read_text("utf-8"))
        for number, line in enumerate(map(str.strip, text.splitlines()), 1):
            where = f"{path.name}:{number}"
            header = HEADER.match(line)
            if header:
                record, found = read_header(header.group(2).split("|"), author, header.group(1))
                record["turns"] = []
                records.append(record)
            elif line and records and re.match(r"[CN-]\s*:", line):
                turn, found = read_turn(line.replace(" :", ":", 1) if line[1] == " " else line)
                records[-1]["turns"].append(turn)
            else:
                found = [f"not a header or a turn: {line[:40]!r}"] if line else []
            faults += [f"{where}: {fault}" for fault in found]
    return records, faults


def check_folder(records: list[dict]) -> list[str]:
    """Return faults that need the whole record or folder."""
    faults = []
    ids = collections.Counter(record["id"] for record in records)
    faults += [f"{name}: number used twice" for name, count in ids.items() if count > 1]
    pairs = collections.defaultdict(set)
    for record in records:
        text = " ".join(turn["text"] for turn in record["turns"])
        if not record["turns"]:
            faults.append(f"{record['id']}: no turns")
        if record["form"] == "asr" and (text != text.lower() or re.search(r"[.,?!]", text)):
            faults.append(f"{record['id']}: asr with capitals or punctuation")
        plain = unicodedata.normalize("NFD", text)
        if record["form"] == "nodia" and (any(map(unicodedata.combining, plain)) or "đ" in text.lower()):
            faults.append(f"{record['id']}: nodia with diacritics")
        if record["pair"]:
            pairs[record["pair"]].add(record["label"])
    faults += [f"{name}: a pair needs one scam and one legit call" for name, labels in pairs.items() if len(labels) < 2]
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--author")
    parser.add_argument("--in-loop", action="store_true", help="written against the model: these set no thresholds")
    parser.add_argument("--out", type=pathlib.Path)
    options = parser.parse_args()
    author = options.author or options.folder.resolve().name
    records, faults = read_folder(options.folder, author)
    faults += check_folder(records)
    if options.in_loop:
        records = [record | {"in_loop": True} for record in records]
    for fault in faults:
        print(fault)
    counts = collections.Counter(record["label"] for record in records)
    forms = collections.Counter(record["form"] for record in records)
    print(f"{len(records)} calls, {dict(counts)}, {dict(forms)}, {len(faults)} faults")
    if options.out:
        lines = (json.dumps(record, ensure_ascii=False) for record in records)
        options.out.write_text("\n".join(lines) + "\n", "utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
