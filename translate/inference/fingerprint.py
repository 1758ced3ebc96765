"""Telling models apart by what they compute."""

import hashlib
import json

import torch

from translate.bundle import Bundle


def fingerprint(bundle: Bundle, direction: str) -> str:
    """Give a name to what a generator makes of its photos: weights, architecture and encodings.

    Where the bundle lies, what it is called and how it was trained do not count.
    """
    generator = bundle.generators[direction]
    encodings = [encoding.model_dump(mode="json") for encoding in bundle.encodings_of(direction)]
    digest = hashlib.sha256()
    digest.update(json.dumps([generator.name, generator.arguments, encodings]).encode())
    for name, values in sorted(generator.state_dict().items()):
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
        flat = values.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()[:32]
