import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.pages import (
    Html,
    bullets,
    code,
    escaped,
    facts,
    folded,
    heading,
    joined,
    note,
    side_by_side,
    text,
)

MARKUP = "<b onclick='x'>&"
HARMLESS = "&lt;b onclick=&#x27;x&#x27;&gt;&amp;"


@pytest.mark.parametrize(
    "made",
    [
        text(MARKUP),
        note(MARKUP),
        code(MARKUP),
        bullets([MARKUP]),
        facts({MARKUP: MARKUP}),
        heading(MARKUP),
        folded(MARKUP, text("x")),
    ],
)
def test_text_is_shown_and_not_obeyed(made: Html) -> None:
    assert HARMLESS in made
    assert "<b" not in made


def test_markup_that_was_made_here_is_kept() -> None:
    assert escaped(text("x")) == "<p>x</p>"
    assert joined(text("a"), text("b")) == "<p>a</p><p>b</p>"
    assert text("inside") in side_by_side(text("inside"), text("beside"))


@given(st.text())
def test_no_text_leaves_a_tag_or_a_quote_in_a_page(words: str) -> None:
    assert not set(escaped(words)) & set("<>\"'")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\udcff.jpg", "\\udcff.jpg"),  # a byte that is no letter, as file names may have
        ("gpj.\u202eexe", "gpj.\\u202eexe"),  # turns the rest of the line round
        ("a\x00b\x1b[31m", "a\\x00b\\x1b[31m"),
        ("Größe, 雪.png", "Größe, 雪.png"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_letters_that_cannot_be_seen_are_spelled_out(name: str, shown: str) -> None:
    assert escaped(name) == shown
    assert escaped(name).encode("utf-8")


def test_a_note_says_which_kind_it_is() -> None:
    assert 'class="note warning"' in note("x", "warning")
