import math

import pytest

from translate.pages import figure, number, table


def test_numbers_are_aligned_right_and_words_left() -> None:
    made = table(["name", "count", "words"], [["x", 3, "three"], ["y", 4.0, "four"]])

    assert made.count('<td class="number">') == 2
    assert '<th scope="col" class="number">count</th>' in made
    assert '<th scope="col">words</th>' in made
    assert '<th scope="row">x</th>' in made


def test_a_number_with_more_to_say_is_aligned_as_a_number() -> None:
    made = table(["way", "KID"], [["x", number("12.3", "11.2 to 14.0")]])

    assert '<td class="number"><span class="number">12.3<small>11.2 to 14.0</small>' in made


def test_text_in_a_table_is_shown_and_not_obeyed() -> None:
    made = table(["<i>"], [["<b>"]])

    assert "&lt;i&gt;" in made
    assert "&lt;b&gt;" in made
    assert "<b>" not in made


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (1234567, "1\u202f234\u202f567"),
        (0.123456, "0.1235"),
        (math.nan, "\u2013"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
    ],
)
def test_numbers_are_written_for_people(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_yes_and_no_are_words() -> None:
    assert "<td>yes</td>" in table(["a", "b"], [["x", True]])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 heads, but a row of 1 cells"):
        table(["a", "b"], [["x"]])


def test_a_table_without_rows_has_its_heads() -> None:
    assert '<th scope="col">a</th>' in table(["a"], [])
