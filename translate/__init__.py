"""Translate photos: day to night, summer to winter, and whatever you train.

    from translate import Translator
    Translator.from_pretrained("runs/cyclegan_sample/bundle", direction="a_to_b")("photo.jpg")

Importing this package costs nothing: torch arrives with the first name that is used.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from translate.errors import TranslateError
from translate.version import __version__

if TYPE_CHECKING:
    from translate.inference.folder import translate_folder
    from translate.inference.translator import Translator

# albumentations asks a server for its newest version when imported; nothing here calls out unasked.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

__all__ = ["TranslateError", "Translator", "__version__", "translate_folder"]

_LAZY = {
    "Translator": "translate.inference.translator",
    "translate_folder": "translate.inference.folder",
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'translate' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return __all__
