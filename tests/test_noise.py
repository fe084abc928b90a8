"""Noise is what it says: the shares of wrong tones and lost syllables, nothing else changed."""

import random

import pytest

from scamtext import Call, Turn
from scamtext.evaluation.corpus import LabelledCall
from scamtext.evaluation.perturbations import (
    LOST_SYLLABLES,
    WRONG_TONES,
    misheard,
    with_other_tone,
    without_diacritics,
    without_speakers,
)
from scamtext.text.syllables import fold


def labelled(*turns):
    return LabelledCall(Call(tuple(Turn(text, speaker) for speaker, text in turns), "x"), "scam", "bank")


def test_misheard_changes_the_shares_it_promises(corpus):
    syllables = lost = changed = 0
    for item in corpus[:300]:
        for before, after in zip(item.call.turns, misheard(item).call.turns, strict=True):
            words = "".join(c if c.isalnum() else " " for c in before.text.lower().replace("_", " ")).split()
            left = after.text.split()
            syllables += len(words)
            lost += len(words) - len(left)
            if len(words) == len(left):
                changed += sum(a != b for a, b in zip(words, left, strict=True))
                assert all(fold(a) == fold(b) for a, b in zip(words, left, strict=True))
    assert 0.7 * LOST_SYLLABLES < lost / syllables < 1.3 * LOST_SYLLABLES
    # Words that are no syllables keep their spelling, and turns with lost syllables were not compared.
    assert 0.4 * WRONG_TONES < changed / syllables < WRONG_TONES


@pytest.mark.parametrize(
    ("word", "others"),
    [
        ("chuyển", {"chuyên", "chuyền", "chuyến", "chuyễn", "chuyện"}),
        ("người", {"ngươi", "ngưới", "ngưởi", "ngưỡi", "ngượi"}),
        ("quá", {"qua", "quà", "quả", "quã", "quạ"}),
        ("giá", {"gia", "già", "giả", "giã", "giạ"}),
        ("mai", {"mài", "mái", "mải", "mãi", "mại"}),
        ("otp", {"otp"}),
        ("2", {"2"}),
    ],
)
def test_another_tone_is_spelt_as_people_spell_it(word, others):
    dice = random.Random(1)
    assert {with_other_tone(word, dice) for _ in range(200)} == others


def test_misheard_is_the_same_every_time(corpus):
    assert misheard(corpus[0]) == misheard(corpus[0])


def test_without_diacritics():
    noisy = without_diacritics(labelled(("caller", "Chị đọc mã OTP, Đừng cúp máy!")))
    assert noisy.call.turns == (Turn("chi doc ma otp, dung cup may!", "caller"),)
    assert noisy.scam_type == "bank"


def test_without_speakers_is_one_turn():
    noisy = without_speakers(labelled(("caller", "alo"), ("callee", "ai đấy")))
    assert noisy.call == Call((Turn("alo\nai đấy"),), "x")
    assert noisy.cues is None
