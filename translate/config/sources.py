"""Where settings come from: YAML files, and flags laid over them."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from translate.config.settings import Values
from translate.errors import ConfigError

# What PyYAML raises for bad text, for nesting without end, and for values such as `2024-13-45`.
UNREADABLE = (yaml.YAMLError, RecursionError, ValueError, KeyError, AttributeError)


class _PlainKeyLoader(yaml.SafeLoader):
    """YAML whose keys are words, each written once; plain YAML keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str":
                problem = f"the key {key.value!r} is no word: put it in quotes if it is meant"
            elif key.value in seen:
                problem = f"the key {key.value!r} is written twice"
            else:
                seen.add(key.value)
                continue
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(file: Path) -> Values:
    """Read a mapping from a YAML file; nothing in it is executed.

    Raises:
        ConfigError: The file is missing, is not YAML, or holds something else than a mapping.
    """
    try:
        # The loader is a SafeLoader: it builds plain types only.
        values = yaml.load(file.read_text(encoding="utf-8"), _PlainKeyLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"{file}: cannot be read ({reason}). Name an existing YAML file."
        ) from error
    except UNREADABLE as error:
        raise ConfigError(f"{file}: is not valid YAML. {error}") from error
    if not isinstance(values, dict):
        found = "nothing" if values is None else f"a {type(values).__name__}"
        raise ConfigError(
            f"{file}: expected a mapping such as 'training: {{epochs: 5}}', got {found}."
        )
    return values


def parse_flags(words: Sequence[str]) -> Values:
    """Turn `--training.learning-rate 1e-4 --data.no-flip` into nested values.

    Every value stays text (or a list of texts): the settings know the types. A flag alone means
    true, and dashes in names stand for underscores.

    Raises:
        ConfigError: A word belongs to no flag, or one flag is given twice.
    """
    flags: dict[str, list[str]] = {}
    key = ""
    for word in words:
        if word.startswith("--") and len(word) > 2:
            name, equals, value = word[2:].partition("=")
            key = name.replace("-", "_")
            if key in flags:
                raise ConfigError(f"--{name}: given twice. Give it once.")
            flags[key] = [value] if equals else []
        elif key:
            flags[key].append(word)
        else:
            raise ConfigError(f"{word!r}: expected a flag such as --training.epochs 5.")
    nested: Values = {}
    for name, texts in flags.items():
        _put(nested, name, _flag_value(texts))
    return nested


def _flag_value(texts: list[str]) -> Any:
    if not texts:
        return True
    return texts[0] if len(texts) == 1 else texts


def _put(nested: Values, dotted: str, value: Any) -> None:
    *parents, last = dotted.split(".")
    for i, parent in enumerate(parents):
        nested = nested.setdefault(parent, {})
        if not isinstance(nested, dict):
            above = ".".join(parents[: i + 1])
            raise ConfigError(f"--{dotted}: {above} was already given a value of its own.")
    if isinstance(nested.get(last), dict):
        raise ConfigError(f"--{dotted}: is a group. Give its members, such as --{dotted}.name.")
    nested[last] = value


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> Values:
    """Lay one nested mapping over another; a value above wins.

    A block whose `name` differs above is another kind of thing: it takes the place of the one below
    as a whole.
    """
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        if isinstance(under, Mapping) and isinstance(value, Mapping):
            is_same_kind = value.get("name", under.get("name")) == under.get(
                "name", value.get("name")
            )
            merged[key] = merge(under, value) if is_same_kind else dict(value)
        else:
            merged[key] = value
    return merged
