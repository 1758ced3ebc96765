"""Strict settings: YAML in, flags over it, and every problem reported at once."""

from translate.config.settings import Problem, Settings, Values, check, dotted_keys, inspect
from translate.config.sources import merge, parse_flags, read_yaml

__all__ = [
    "Problem",
    "Settings",
    "Values",
    "check",
    "dotted_keys",
    "inspect",
    "merge",
    "parse_flags",
    "read_yaml",
]
