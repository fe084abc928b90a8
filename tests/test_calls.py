import pytest

from scamtext import Call, DataError, Turn


def test_a_call_is_made_of_what_people_hold():
    call = Call((Turn("alo", "caller"),), "7")
    assert Call.of(call) is call
    assert Call.of("alo") == Call((Turn("alo"),))
    assert Call.of({"id": 7, "turns": [{"speaker": "caller", "text": "alo"}]}) == call
    assert Call.of(call.to_dict()) == call


def test_empty_turns_are_kept_when_another_has_text():
    assert len(Call.of({"turns": [{"speaker": None, "text": ""}, {"speaker": None, "text": "alo"}]}).turns) == 2


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, 'no field "text" or "turns"'),
        ({"words": "x"}, "words"),
        ({"text": None}, "expected text, got null"),
        ({"text": 5}, "expected text, got int"),
        ({"text": "  "}, "the text is empty"),
        ({"turns": []}, "no turn has any text"),
        ({"turns": "x"}, "expected a list"),
        ({"turns": ["x"]}, r"turns\[0\]"),
        ({"turns": [{"speaker": "banker", "text": "x"}]}, r"turns\[0\].speaker.*banker"),
        ({"turns": [{"speaker": "caller"}]}, r"turns\[0\].text.*null"),
        ({"id": {}, "text": "x"}, '"id"'),
    ],
)
def test_a_bad_record_names_the_field(record, message):
    with pytest.raises(DataError, match=message):
        Call.from_record(record)


def test_other_things_are_no_calls():
    with pytest.raises(DataError, match="not int"):
        Call.of(5)
