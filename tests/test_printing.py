from hypothesis import given
from hypothesis import strategies as st

from translate.printing import printable


def test_what_cannot_be_printed_is_spelled_out_and_all_else_stays() -> None:
    assert printable("día ❄.jpg") == "día ❄.jpg"
    assert printable("a\n\x1b[2J\udcff\u202eb") == r"a\n\x1b[2J\udcff\u202eb"


def test_what_is_to_be_kept_is_kept() -> None:
    assert printable("1\u202f000\n", kept="\u202f") == "1\u202f000\\n"


@given(st.text(st.characters(codec=None)))
def test_what_comes_out_can_always_be_printed_on_one_line(text: str) -> None:
    assert printable(text).isprintable()
