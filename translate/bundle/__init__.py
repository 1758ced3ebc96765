"""A trained generator as a folder: model.json, safetensors weights and a model card."""

from translate.bundle.loading import load_bundle
from translate.bundle.saving import mend_bundle, save_bundle
from translate.bundle.schema import DIRECTIONS, FORMAT_VERSION, INFERENCE_MODES, Bundle

__all__ = [
    "DIRECTIONS",
    "FORMAT_VERSION",
    "INFERENCE_MODES",
    "Bundle",
    "load_bundle",
    "mend_bundle",
    "save_bundle",
]
