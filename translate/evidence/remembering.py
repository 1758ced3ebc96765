"""Features of real photos, computed once for all evaluations that look at them in the same way."""

import hashlib
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from translate.bundle.weights import sha256_of
from translate.evaluation.feature_cache import FeatureCache
from translate.evaluation.features import BATCH, Extractor
from translate.evidence.photos import JudgedPhotos


class Remembering:
    """An extractor that remembers what it saw of photos.

    Args:
        photos: Whose items are looked at.
        cache: Where it is remembered of those that are files.
        extractor: What sees.
    """

    def __init__(self, photos: JudgedPhotos, cache: FeatureCache, extractor: Extractor) -> None:
        self.photos, self.cache, self.extractor = photos, cache, extractor
        self._known: dict[tuple[int, str], Tensor] = {}

    def features(self, items: Sequence[int], domain: str) -> Tensor:
        """Return the features of a domain's photos, (N, D)."""
        return torch.stack([self._feature(index, domain) for index in items])

    def note(self, items: Sequence[int], domain: str, features: Tensor) -> None:
        """Remember features that somebody saw already, (N, D): nobody need look again."""
        for index, vector in zip(items, features, strict=True):
            self._known[index, domain] = vector
            self._put(self._key(index, domain), vector)

    def of_images(self, images: Iterable[Tensor]) -> Tensor:
        """Compute the features of images that have no files, (N, D)."""
        batch: list[Tensor] = []
        parts: list[Tensor] = []
        for image in images:
            if batch and (len(batch) == BATCH or image.shape != batch[0].shape):
                parts.append(self.extractor(torch.cat(batch)))
                batch = []
            batch.append(image)
        if batch:
            parts.append(self.extractor(torch.cat(batch)))
        return torch.cat(parts) if parts else torch.empty(0, 0)

    def _feature(self, index: int, domain: str) -> Tensor:
        if (index, domain) in self._known:
            return self._known[index, domain]
        key = self._key(index, domain)
        known = None if key is None else self.cache.get(key)
        if known is None:
            image = self.photos.image(index, domain)[None]
            known = self.extractor(self.photos.encodings[domain].show(image))[0]
            self._put(key, known)
        self._known[index, domain] = known
        return known

    def _put(self, key: str | None, vector: Tensor) -> None:
        if key is not None and self.cache.get(key) is None:
            self.cache.put(key, vector)

    def _key(self, index: int, domain: str) -> str | None:
        """Tell a view of a file's contents from all others, whatever the file is called."""
        file = self.photos.file(index, domain)
        if file is None:
            return None
        encoding = self.photos.encodings[domain].model_dump_json()
        half = domain if self.photos.is_paired else ""  # of a file with two images side by side
        words = (sha256_of(file), self.photos.view, encoding, half, self.extractor.name)
        return hashlib.sha256("\n".join(words).encode()).hexdigest()


def digest_of(photos: JudgedPhotos, most: int) -> str:
    """Tell the photos that are judged by from all others, whatever they are called."""
    whole = hashlib.sha256()
    for domain in "ab":
        for index in photos.items(domain, most):
            file = photos.file(index, domain)
            if file is None:
                image = photos.image(index, domain).contiguous().numpy()
                digest = hashlib.sha256(image.tobytes()).hexdigest()
            else:
                digest = sha256_of(file)
            whole.update(f"{domain}{digest}".encode())
    return whole.hexdigest()[:16]
