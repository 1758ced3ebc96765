"""Photos to learn from. A file in this folder that offers what `LayoutModule` lists is a layout."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from translate import config
from translate.data.splits import Draw, Splits
from translate.errors import ConfigError

__all__ = ["Draw", "LayoutModule", "Splits", "layouts", "load_layout"]


class LayoutModule(Protocol):
    """What a file in this folder offers, if it is a layout."""

    Settings: type[config.Settings]
    PLACES: tuple[str, ...]  # the settings that only say where the photos lie
    IS_PAIRED: bool  # whether a and b of each training pair show the same thing

    def build(self, settings: Any, seed: int) -> Splits:
        """Find the photos and make data sets of them."""
        ...

    def problems(self, settings: Any) -> list[config.Problem]:
        """Say what of folders is wrong, key by key, before anything is read."""
        ...


OFFERS = ("Settings", "PLACES", "IS_PAIRED", "build", "problems")


@cache
def layouts() -> tuple[str, ...]:
    """Name the layouts there are; other files in this folder serve them."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(name for name in names if _is_layout(name))


def load_layout(name: str) -> LayoutModule:
    """Import the file of one layout.

    Raises:
        ConfigError: There is none of that name.
    """
    known = layouts()
    if name not in known:
        raise ConfigError(
            f"data.layout: there is no layout {name!r}. Choose one of: {', '.join(known)}."
        )
    return cast(LayoutModule, import_module(f"{__name__}.{name}"))


def _is_layout(name: str) -> bool:
    module = import_module(f"{__name__}.{name}")
    return all(hasattr(module, offer) for offer in OFFERS)
