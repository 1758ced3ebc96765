"""Other people's formats: the weights of the reference implementation, in and out.

The reference is junyanz/pytorch-CycleGAN-and-pix2pix; its heir CUT, with antialiased sampling, and
pix2pixHD's global generator name their weights in the same way.
"""

from translate.interop.bundles import export_weights, import_bundle
from translate.interop.generators import export_state, import_generator
from translate.interop.matching import describe

__all__ = ["describe", "export_state", "export_weights", "import_bundle", "import_generator"]
