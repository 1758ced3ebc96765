"""Ideas for translating photos: every file in this folder is one, and offers Settings and build."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from translate import config
from translate.errors import ConfigError
from translate.phase import Channels, Method

METHODS = tuple(sorted(module.name for module in iter_modules(__path__)))


class MethodModule(Protocol):
    """What a file in this folder offers."""

    Settings: type[config.Settings]
    NEEDS_PAIRS: bool  # whether it learns only where a and b show the same thing

    def build(self, settings: Any, channels: Channels, seed: int) -> Method:
        """Make the method with untrained networks; equal seeds give equal weights."""
        ...


def load_method(name: str) -> MethodModule:
    """Import the file of one method.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in METHODS:
        raise ConfigError(
            f"method.name: there is no method {name!r}. Choose one of: {', '.join(METHODS)}."
        )
    return cast(MethodModule, import_module(f"{__name__}.{name}"))
