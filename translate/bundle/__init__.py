"""A trained generator as a folder: model.json, safetensors weights and a model card."""

from translate.bundle.loading import fingerprint, load_bundle
from translate.bundle.saving import save_bundle
from translate.bundle.schema import DIRECTIONS, FORMAT_VERSION, Bundle

__all__ = ["DIRECTIONS", "FORMAT_VERSION", "Bundle", "fingerprint", "load_bundle", "save_bundle"]
