from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from translate.config import merge, parse_flags, read_yaml
from translate.errors import ConfigError


def test_negative_and_exponent_numbers_are_values_not_flags() -> None:
    assert parse_flags(["--a.rate", "-1e-4"]) == {"a": {"rate": "-1e-4"}}


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.integers(), max_size=4))
def test_a_flag_wins_over_the_file_and_leaves_the_rest(above: dict[str, int]) -> None:
    below = {"a": 1, "b": {"c": 2, "d": 3}}

    merged = merge({"x": below}, {"x": above})["x"]

    assert merged == {**below, **above}


def test_a_block_of_another_name_takes_the_place_of_the_one_in_the_file() -> None:
    below = {"name": "run", "judge": {"name": "patch", "depth": 3}}

    assert merge(below, {"judge": {"name": "pixel"}})["judge"] == {"name": "pixel"}
    assert merge(below, {"judge": {"depth": 2}})["judge"] == {"name": "patch", "depth": 2}
    assert merge(below, {"name": "mine"}) == {**below, "name": "mine"}


def test_a_key_written_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text("training:\n  epochs: 5\n  epochs: 6\n")

    with pytest.raises(ConfigError, match=r"(?s)'epochs' is written twice.*line 3"):
        read_yaml(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"- 1\n- 2\n", "expected a mapping.*got a list"),
        (b"", "expected a mapping.*got nothing"),
        (b"a: [1", "is not valid YAML"),
        (b"\xff\xfe\x00a", "not UTF-8|not valid YAML"),
        (b"name: 2024-13-45", "is not valid YAML"),
        (b"a: !!int abc", "is not valid YAML"),
        (b"a: !!bool x", "is not valid YAML"),
        (b"a: !!timestamp x", "is not valid YAML"),
        (b"a: " + b"9" * 5000, "is not valid YAML"),
        (b"!!python/object/apply:os.system [echo]", "is not valid YAML"),
    ],
)
def test_what_is_no_settings_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_bytes(content)

    with pytest.raises(ConfigError, match=f"(?s)bad.yaml.*({message})"):
        read_yaml(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read \(No such file"):
        read_yaml(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["epochs", "5"], "'epochs': expected a flag such as"),
        (["--a", "1", "--a", "2"], "--a: given twice"),
        (["--a", "1", "--a.b", "2"], r"--a\.b: a was already given"),
        (["--a.b", "1", "--a", "2"], "--a: is a group"),
    ],
)
def test_flags_that_make_no_sense_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_flags(words)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
KEYS = st.text(max_size=5) | st.integers() | st.booleans()
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ANYTHING)
def test_any_yaml_is_a_mapping_of_words_or_one_message(tmp_path: Path, value: Any) -> None:
    file = tmp_path / "any.yaml"
    file.write_text(yaml.safe_dump(value), encoding="utf-8")

    if isinstance(value, dict) and has_only_words(value):
        assert read_yaml(file).keys() == value.keys()
    else:
        with pytest.raises(ConfigError, match=r"any\.yaml"):
            read_yaml(file)


def has_only_words(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and has_only_words(v) for key, v in value.items())
    return not isinstance(value, list) or all(map(has_only_words, value))


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "deep.yaml"
    file.write_text("a: " + "[" * 5000)

    with pytest.raises(ConfigError, match="is not valid YAML"):
        read_yaml(file)
