"""Settings that say everything that is wrong with them at once."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from translate.errors import ConfigError

S = TypeVar("S", bound="Settings")
Values = dict[str, Any]
WORDS = {
    "Input should be": "must be",
    "Input is not a valid path for <class 'pathlib.Path'>": "must be a path",
    "String should": "must",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid string": "text",
    "a valid tuple": "a list of values",
}


class Settings(BaseModel):
    """Frozen settings: an unknown key is an error, and so is a default out of range."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False
    )


class Problem(NamedTuple):
    """One thing wrong with some settings."""

    key: str  # dotted: "training.epochs"
    message: str


def check(kind: type[S], values: Values, where: str, others: Sequence[Problem] = ()) -> S:
    """Make settings of plain values, or say everything that is wrong with them.

    Args:
        where: What to call the values in the message: usually the YAML file's path.
        others: Problems found elsewhere, to be reported in the same message.

    Raises:
        ConfigError: One line per problem: key, what was expected, what was found.
    """
    settings, problems = inspect(kind, values)
    problems += others
    if settings is not None and not problems:
        return settings
    count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = "".join(f"\n  {key}: {message}" for key, message in problems)
    raise ConfigError(f"{where} has {count}:{lines}")


def inspect(kind: type[S], values: Values) -> tuple[S | None, list[Problem]]:
    """Make settings of plain values; where that cannot be, return None and why."""
    values = _spelled_out(kind, values)
    try:
        return kind.model_validate(values), []
    except ValidationError as error:
        return None, list(_problems(kind, values, error))


def _spelled_out(kind: type[BaseModel], values: Values) -> Values:
    """Write in full what people may write in short, in YAML and in flags.

    `no_flip` (the flag --data.no-flip) means `flip: false`; `none` means nothing where nothing is
    allowed; one value stands for a list of one; a block that may be of several kinds is of its
    default kind where it has no `name`.
    """
    result: Values = {}
    for key, value in values.items():
        field = kind.model_fields.get(key)
        positive = key.removeprefix("no_")
        if field is None and positive != key and value is True and positive in kind.model_fields:
            result[positive] = _spelled_out_value(kind.model_fields[positive], False)
        elif field is not None:
            result[key] = _spelled_out_value(field, value)
        else:
            result[key] = value
    return result


def _spelled_out_value(field: FieldInfo, value: Any) -> Any:
    kinds = _members(field)
    if kinds and isinstance(value, dict):
        if len(kinds) > 1:
            value = {"name": getattr(field.default, "name", None), **value}
        inner = next((k for k in kinds if _name_of(k) == value.get("name")), kinds[0])
        return _spelled_out(inner, value)
    is_nothing = isinstance(value, str) and value.lower() in {"none", "null"}
    if is_nothing and type(None) in get_args(field.annotation):
        return None
    members = {field.annotation, *get_args(field.annotation)}
    if isinstance(value, bool) and members & {int, float} and bool not in members:
        return str(value)  # else Python would take true, or a flag without its value, for 1
    takes_any_number = get_args(field.annotation)[-1:] == (...,)
    if takes_any_number and not isinstance(value, list | tuple):
        return [value]
    return value


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
            yield Problem(
                key, "unknown key." + _suggestion(key, _siblings(kind, item["loc"]), known)
            )
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
        inside = inside or (
            isinstance(values, list) and isinstance(part, int) and part < len(values)
        )
        if inside or i == len(location) - 1:
            parts.append(str(part))
            values = values[part] if inside else None
    return ".".join(parts)


def _siblings(kind: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """List the keys that are known where an unknown one was found, in the union's chosen member."""
    members = [kind]
    for part in location[:-1]:
        named = [
            m
            for m in members
            if "name" in m.model_fields and m.model_fields["name"].default == part
        ]
        fields = [m.model_fields[part] for m in members if part in m.model_fields]
        members = named or [inner for field in fields for inner in _members(field)]
    return list(dict.fromkeys(name for member in members for name in member.model_fields))


def _suggestion(key: str, siblings: Sequence[str], known: Sequence[str]) -> str:
    """Suggest the known key whose spelling is nearest, or whose last word is the same."""
    last = key.rpartition(".")[2]
    known = [k for k in known if k != key]  # another member of a union may have this very key
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
