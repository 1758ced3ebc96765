"""Features of real photos, computed once for all evaluations that look at them in the same way."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from translate.evaluation.feature_cache import FeatureCache
from translate.evaluation.features import BATCH, Extractor
from translate.evidence.photos import JudgedPhotos


class Remembering:
    """An extractor that remembers what it saw of files.

    Args:
        photos: Whose items are looked at.
        cache: Where it is remembered.
        extractor: What sees.
    """

    def __init__(
        self, photos: JudgedPhotos, cache: FeatureCache, extractor: Extractor | None
    ) -> None:
        assert extractor is not None  # noqa: S101  # whoever asks for features has one
        self.photos, self.cache, self.extractor = photos, cache, extractor

    def features(self, items: Sequence[int], domain: str) -> Tensor:
        """Return the features of a domain's photos, (N, D)."""
        return torch.stack([self._feature(index, domain) for index in items])

    def of_images(self, images: Iterable[Tensor]) -> Tensor:
        """Compute the features of images that have no files, (N, D)."""
        batch: list[Tensor] = []
        parts: list[Tensor] = []
        for image in images:
            if batch and (len(batch) == BATCH or image.shape != batch[0].shape):
                parts.append(self.extractor(torch.cat(batch)))
                batch = []
            batch.append(image)
        parts.append(self.extractor(torch.cat(batch)))
        return torch.cat(parts)

    def _feature(self, index: int, domain: str) -> Tensor:
        file = self.photos.file(index, domain)
        key = None if file is None else self._key(file, domain)
        known = None if key is None else self.cache.get(key)
        if known is not None:
            return known
        image = getattr(self.photos.test[index], domain)[None]
        vector = self.extractor(self.photos.encodings[domain].show(image))[0]
        if key is not None:
            self.cache.put(key, vector)
        return vector

    def _key(self, file: Path, domain: str) -> str:
        """Tell a view of a file's contents from all others, whatever the file is called."""
        encoding = self.photos.encodings[domain].model_dump_json()
        half = domain if self.photos.is_paired else ""  # of a file with two images side by side
        words = (content_digest(file), self.photos.view, encoding, half, self.extractor.name)
        return hashlib.sha256("\n".join(words).encode()).hexdigest()


def content_digest(file: Path) -> str:
    """Return the SHA-256 of a file's contents."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest_of(photos: JudgedPhotos, most: int) -> str | None:
    """Tell the photos that are judged by from all others; None: they are no files."""
    whole = hashlib.sha256()
    for domain in "ab":
        for index in photos.items(domain, most):
            file = photos.file(index, domain)
            if file is None:
                return None
            whole.update(f"{domain}{content_digest(file)}".encode())
    return whole.hexdigest()[:16]
