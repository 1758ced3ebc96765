"""Strict settings: YAML in, flags over it, and every problem reported at once."""

import difflib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from translate.errors import ConfigError

S = TypeVar("S", bound="Settings")
Values = dict[str, Any]


WORDS = {
    "Input should be": "must be",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid string": "text",
    "a valid tuple": "a list of values",
}


class Settings(BaseModel):
    """Frozen settings: an unknown key is an error, and so is a default out of range."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Problem(NamedTuple):
    """One thing wrong with some settings."""

    key: str  # dotted: "training.epochs"
    message: str


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice, where plain YAML keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is written twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(file: Path) -> Values:
    """Read a mapping from a YAML file; nothing in it is executed.

    Raises:
        ConfigError: The file is missing, is not YAML, or holds something else than a mapping.
    """
    try:
        # The loader is a SafeLoader: it builds plain types only.
        values = yaml.load(file.read_text(encoding="utf-8"), _UniqueKeyLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"{file}: cannot be read ({reason}). Name an existing YAML file."
        ) from error
    except yaml.YAMLError as error:
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
    true, `none` means nothing, and dashes in names stand for underscores.

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
    values = [None if text.lower() in {"none", "null"} else text for text in texts]
    if not values:
        return True
    return values[0] if len(values) == 1 else values


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
    """Lay one nested mapping over another; a value above wins."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(under, value) if both and under is not None else value
    return merged


def check(kind: type[S], values: Values, where: str, others: Sequence[Problem] = ()) -> S:
    """Make settings of plain values, or say everything that is wrong with them.

    Args:
        where: What to call the values in the message: usually the YAML file's path.
        others: Problems found elsewhere, to be reported in the same message.

    Raises:
        ConfigError: One line per problem: key, what was expected, what was found.
    """
    values = _spelled_out(kind, values)
    problems: list[Problem] = []
    settings = None
    try:
        settings = kind.model_validate(values)
    except ValidationError as error:
        problems = list(_problems(kind, values, error))
    problems += others
    if settings is not None and not problems:
        return settings
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = "".join(f"\n  {key}: {message}" for key, message in problems)
    raise ConfigError(f"{where} has {count}:{lines}")


def _spelled_out(kind: type[BaseModel], values: Values) -> Values:
    """Read `no_flip: true` (the flag `--data.no-flip`) as `flip: false`, and let a block that may
    be one of several kinds be of its default kind where it has no `name`.
    """
    result: Values = {}
    for key, value in values.items():
        field = kind.model_fields.get(key)
        positive = key.removeprefix("no_")
        if field is None and positive != key and value is True and positive in kind.model_fields:
            result[positive] = False
        elif field is not None and isinstance(value, dict) and _members(field):
            kinds, named = _members(field), value
            if len(kinds) > 1:
                named = {"name": getattr(field.default, "name", None), **value}
            inner = next((k for k in kinds if _name_of(k) == named.get("name")), kinds[0])
            result[key] = _spelled_out(inner, named)
        else:
            result[key] = value
    return result


def _members(field: FieldInfo) -> list[type[BaseModel]]:
    """The kinds of settings a field may hold: one, several for a union, or none."""
    members = getattr(field.annotation, "__args__", (field.annotation,))
    return [m for m in members if isinstance(m, type) and issubclass(m, BaseModel)]


def _name_of(kind: type[BaseModel]) -> Any:
    """The default of `name`, by which the members of a union are told apart."""
    return kind.model_fields["name"].default if "name" in kind.model_fields else None


def _problems(kind: type[Settings], values: Values, error: ValidationError) -> Iterator[Problem]:
    known = dotted_keys(kind)
    for item in error.errors(include_url=False):
        key = _dotted(item["loc"], values)
        if item["type"] == "extra_forbidden":
            yield Problem(key, "unknown key." + _suggestion(key, known))
        elif item["type"] == "missing":
            yield Problem(key, "missing. It has no default: give it a value.")
        elif item["type"] == "value_error":
            yield Problem(key or "settings", item["msg"].removeprefix("Value error, "))
        elif item["type"] == "union_tag_invalid":
            expected, found = item["ctx"]["expected_tags"], item["ctx"]["tag"]
            yield Problem(f"{key}.name", f"must be one of {expected}, got {found!r}")
        elif item["type"] in {"model_type", "model_attributes_type"}:
            yield Problem(key, f"must be a block of settings, got {item['input']!r}")
        else:
            yield Problem(key, f"{_in_words(item['msg'])}, got {item['input']!r}")


def _in_words(message: str) -> str:
    """Say for users what pydantic says for programmers."""
    for theirs, ours in WORDS.items():
        message = message.replace(theirs, ours)
    return message.partition(", unable")[0].replace("valid ", "")


def _dotted(location: tuple[int | str, ...], values: Any) -> str:
    """Name a place as the user wrote it, leaving out the union members pydantic puts in between."""
    parts = []
    for i, part in enumerate(location):
        inside = isinstance(values, Mapping) and part in values
        inside = inside or (isinstance(values, list) and isinstance(part, int))
        if inside or i == len(location) - 1:
            parts.append(str(part))
            values = values[part] if inside else None
    return ".".join(parts)


def _suggestion(key: str, known: Sequence[str]) -> str:
    """Suggest the known key whose spelling is nearest, or whose last word is the same."""
    parent, _, last = key.rpartition(".")
    known = [k for k in known if k != key]  # another member of a union may have this very key
    siblings = [k.rpartition(".")[2] for k in known if k.rpartition(".")[0] == parent]
    near = difflib.get_close_matches(last, siblings, n=1)
    near = near or [k for k in known if k.rpartition(".")[2] == last][:1]
    return f" Did you mean {near[0]!r}?" if near else f" Known here: {', '.join(siblings)}."


def dotted_keys(kind: type[BaseModel], prefix: str = "") -> list[str]:
    """List every key of some settings and of the settings inside them, dotted."""
    keys: list[str] = []
    for name, field in kind.model_fields.items():
        keys.append(prefix + name)
        for member in _members(field):
            keys += [k for k in dotted_keys(member, f"{prefix}{name}.") if k not in keys]
    return keys
