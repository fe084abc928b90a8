"""Compiles the tables of `segmentation` from the model of underthesea, the only module that imports it.

`python -m scamtext.text.segmentation_tables` writes segmentation.npz again; `segmentation.UNDERTHESEA` names the
release. That model is licensed under Apache-2.0, and so are tables made from it.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unicodedata import category

import numpy as np

from scamtext._typing import Array
from scamtext.text.crf import CONSTANTS, EDGES, SPELLINGS, WIDTHS, parse_template
from scamtext.text.segmentation import TABLES, is_number, is_title
from scamtext.text.trie import pack

Words = tuple[str, ...]

# SHA-256 of what the tables are made of; a test compares them with the installed underthesea.
DIGESTS = {
    "dictionary.bin": "ec8c62b3881c6682c18959988e1fe08800cc835777778845bded470ca02745d9",
    "features.bin": "cf93263c7c7973bf50122b0be76a394443ff61be00c1368713dee1b7d5b8a435",
    "models.bin": "c3a64c64349f1d73304f89babacaa8f8cd6078b1ec1a1b2c104e9e411ac1d2c3",
    "tn_rules_2023_07_14.bin": "a8ef96ef9837f6a377154fdfc970b9b88351d39f9353fa693d53ab49798817f9",
    "pattern": "ed7f6df4bba1133b1fd2baf02d612b7ef6912f0460f7a8166bd6b4aa8f072d25",
}

# A run inside of a run takes exponential time for "http://......"; a run of characters finds the same.
NESTED = r"[^\s()<>{}\[\]]+ "
SINGLE = NESTED.replace("+", "")


def joined(lines: Iterable[str]) -> Array:
    """Lines as the bytes of one text."""
    return np.frombuffer("\n".join(lines).encode(), np.uint8)


def _narrow(values: Any) -> Array:
    """Whole numbers in as few bytes as hold them."""
    array = np.asarray(values)
    return array.astype(np.int16 if np.abs(array).max() < 1 << 15 else np.int32)


def compile_tables() -> dict[str, Array]:
    """Arrays for `Segmenter` from the model of the installed underthesea; takes a few seconds."""
    import joblib
    from underthesea.models.fast_crf_sequence_tagger import CRFFeaturizer
    from underthesea.pipeline.text_normalize import text_normalizer
    from underthesea.pipeline.word_tokenize import regex_tokenize

    model = next(Path(regex_tokenize.__file__).parent.glob("models/*/models.bin"))
    rules = Path(text_normalizer.__file__).with_name(text_normalizer.rule_file)
    pattern: str = regex_tokenize.regex_patterns_combine
    files = {path.name: path.read_bytes() for path in (*sorted(model.parent.glob("*.bin")), rules)}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in {**files, "pattern": pattern.encode()}.items()}
    # Rust knows newer letters than Python does, so it is asked itself.
    letters = [chr(code) for code in range(ord("!"), 0x30000) if category(chr(code)) != "Cs"]
    titles = CRFFeaturizer(["T[0].istitle"], set()).process([[[letter] for letter in letters]])[0]
    small = [letter for letter, (title,) in zip(letters, titles, strict=True) if title.endswith("False")]
    names: list[str] = joblib.load(model.with_name("features.bin"))
    entries = (tuple(entry.split(" ")) for entry in joblib.load(model.with_name("dictionary.bin")))
    dictionary = {entry for entry in entries if len(entry) in WIDTHS and all(entry)}
    return {
        **_compile_field(files["models.bin"], names, dictionary, frozenset(small)),
        "templates": joined(names),
        "pattern": joined([pattern.replace(NESTED, SINGLE)]),
        "respelt": joined(f"{wrong}\t{right}" for wrong, right in text_normalizer.token_map.items()),
        "small": _narrow([ord(letter) for letter in small]),
        "digests": joined(f"{name}\t{digest}" for name, digest in digests.items()),
    }


def _compile_field(model: bytes, names: list[str], dictionary: set[Words], small: frozenset[str]) -> dict[str, Array]:
    attributes, weights, transitions = _read_crf(model)
    templates = [parse_template(name) for name in names]
    asked = [(names.index(name), value) for name, _, value in (text.partition("=") for text in attributes)]
    grams = {tuple(value.split(" ")) for i, value in asked if templates[i][0] in SPELLINGS}
    vocabulary = ["", *sorted({word for gram in grams | dictionary for word in gram})]
    ids = {word: i for i, word in enumerate(vocabulary)}
    rows: dict[int, dict[Words, int]] = {1: {(word,): i for word, i in ids.items()}}
    listed = {1: [(word,) in dictionary for word in vocabulary]}
    for width in (2, 3):  # row 0 is for unknown grams, row 1 for those which only the dictionary knows
        weighted = sorted(gram for gram in grams if len(gram) == width)
        rows[width] = dict.fromkeys((gram for gram in dictionary if len(gram) == width), 1)
        rows[width] |= {gram: row for row, gram in enumerate(weighted, 2)}
        listed[width] = [False, True, *(gram in dictionary for gram in weighted)]
    entries = []
    for (i, value), pair in zip(asked, weights, strict=True):
        places = [CONSTANTS.get(value)]
        if templates[i][0] in SPELLINGS:
            places = [rows[templates[i][2]].get(tuple(value.split(" "))), EDGES.get(value)]
        entries += [(i, place, *pair) for place in places if place is not None]
    by_template = np.array(sorted(entries))
    return {
        "vocabulary": joined(vocabulary),
        "lower": _narrow([ids.get(word.lower(), 0) for word in vocabulary]),
        "title": np.array([is_title(word, small) for word in vocabulary]),
        "number": np.array([is_number(word) for word in vocabulary]),
        "transitions": transitions,
        "weight_template": _narrow(by_template[:, 0]),
        "weight_value": _narrow(by_template[:, 1]),
        "weight": np.ascontiguousarray(by_template[:, 2:]),
        **{f"{WIDTHS[width]}_listed": np.array(flags) for width, flags in listed.items()},
        **_compile_trie(ids, rows),
    }


def _compile_trie(ids: dict[str, int], rows: dict[int, dict[Words, int]]) -> dict[str, Array]:
    pairs: defaultdict[int, dict[int, int]] = defaultdict(dict)
    triples: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for gram in rows[3]:
        pairs[ids[gram[0]]][ids[gram[1]]] = 0
    for (first, second), row in rows[2].items():
        pairs[ids[first]][ids[second]] = row
    packed = pack(pairs, len(ids), len(ids))
    for gram, row in rows[3].items():
        triples[int(packed["base"][ids[gram[0]]]) + ids[gram[1]]][ids[gram[2]]] = row
    levels = {"pair": packed, "triple": pack(triples, len(packed["owner"]), len(ids))}
    return {f"{level}_{part}": array for level, parts in levels.items() for part, array in parts.items()}


def _read_crf(model: bytes) -> tuple[list[str], Array, Array]:
    """The attributes of a CRFsuite file, their weights for B and for I, and those of transitions."""
    features_at, labels_at, attributes_at = np.frombuffer(model, "<u4", 3, 28).tolist()
    labels, attributes = _read_names(model, labels_at), _read_names(model, attributes_at)
    if labels != ["B-W", "I-W"]:
        raise ValueError(f"labels {labels} instead of B-W, I-W")
    record = np.dtype([("kind", "<u4"), ("source", "<u4"), ("target", "<u4"), ("weight", "<f8")])
    features = np.frombuffer(model, record, int(np.frombuffer(model, "<u4", 1, features_at + 8)[0]), features_at + 12)
    weights = np.zeros((len(attributes), 2)), np.zeros((2, 2))
    for kind, table in enumerate(weights):
        chosen = features[features["kind"] == kind]
        table[chosen["source"], chosen["target"]] = chosen["weight"]
    return attributes, *weights


def _read_names(model: bytes, start: int) -> list[str]:
    """The strings of a CQDB, by number."""
    count, directory = np.frombuffer(model, "<u4", 2, start + 16).tolist()
    names = []
    for offset in np.frombuffer(model, "<u4", count, start + directory).tolist():
        length = int(np.frombuffer(model, "<u4", 1, start + offset + 4)[0])
        names.append(model[start + offset + 8 : start + offset + 7 + length].decode())
    return names


if __name__ == "__main__":
    np.savez(TABLES, **compile_tables())  # type: ignore[arg-type]
