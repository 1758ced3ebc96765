"""Two images compared as eyes compare them: what they show, where, and how bright it is."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from translate.images.encoding import GREY

FLAT = 1e-6  # variance of luminance, of photos from -1 to 1, below which there is nothing to follow
STRUCTURE_STAGE = 3  # of an extractor's look: 14 x 14 places, each about 16 px of 224


def structure_distance(first: Tensor, second: Tensor) -> Tensor:
    """Measure how far the layout of two images differs, whatever their colours and textures.

    Every place of an image is compared with every other place of the same image; two images have
    the same structure where the same places are alike.

    Args:
        first, second: Maps of the stage `STRUCTURE_STAGE`.

    Shape:
        Both (N, C, H, W) -> (N,), from 0, the same, to 2; mean absolute difference of cosines.

    Source:
        Tumanyan et al. 2022, "Splicing ViT Features for Semantic Appearance Transfer", eq. 4, with
        the maps of a convolutional network in place of a transformer's keys, and with the mean
        difference in place of the Frobenius norm, so that the number of places does not matter.
    """
    return (_similarities(first) - _similarities(second)).abs().mean(dim=(1, 2))


def _similarities(maps: Tensor) -> Tensor:
    places = F.normalize(maps.flatten(2), dim=1)
    return places.transpose(1, 2) @ places


def perceptual_distance(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """Measure how different two images look: a stand-in for LPIPS that needs no download.

    Of LPIPS it has the form, and neither the network nor the learned weights: its numbers compare
    with each other only.

    Args:
        first, second: The stages of a look.

    Shape:
        Each (N, C, H, W) -> (N,), 0: the same.

    Source:
        Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
        eq. 1 with weights of 1: of each stage the squared distance of normalised features, averaged
        over places; added up over stages.
    """
    stages = zip(first, second, strict=True)
    distances = [
        (F.normalize(a, dim=1) - F.normalize(b, dim=1)).square().sum(dim=1).mean(dim=(1, 2))
        for a, b in stages
    ]
    return torch.stack(distances).sum(dim=0)


def luminance_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Measure whether two images are bright and dark at the same places.

    Shape:
        Both (N, 3, H, W) in [-1, 1] -> (N,) from -1, a negative, to 1; 0 where one is flat.
    """
    bright = [_centred_luminance(images) for images in (first, second)]
    shared = (bright[0] * bright[1]).mean(dim=1)
    variances = [b.square().mean(dim=1) for b in bright]
    is_flat = torch.minimum(*variances) < FLAT
    product = (variances[0] * variances[1]).clamp(min=FLAT**2).sqrt()
    return torch.where(is_flat, 0.0, shared / product).clamp(-1, 1)  # rounding may pass the ends


def _centred_luminance(images: Tensor) -> Tensor:
    weights = torch.tensor(GREY, device=images.device, dtype=images.dtype)
    luminance = torch.einsum("nchw,c->nhw", images, weights).flatten(1)
    return luminance - luminance.mean(dim=1, keepdim=True)
