"""Which of many hashes differ in a few bits only? All such pairs, without comparing each to each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from translate.doctor.hashes import WORDS, Words, count_bits, count_in_words

FARTHEST = 16  # bits of 256 in which hashes of one photo may differ
BANDS, BAND_BITS = FARTHEST + 1, 15  # in 17 bands with 16 differences, one has none
FEWEST_TELLING = 32  # bits: below that a photo is as good as empty, and like all other empty ones
MOST_PAIRS = 2_000_000  # more are those of films frame by frame, and fill the memory
ROWS, COLUMNS = 64, 2048  # hashes compared at a time, where bands do not help: they fit a cache
COST_IN_BANDS = 4  # times as long as a pair takes there

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Hashes:
    """Difference hashes of images: (N, 4) each; see `FACTS`."""

    direct: Words
    telling: Words
    mirrored: Words
    mirrored_telling: Words

    def take(self, places: Places) -> "Hashes":
        """Take some of them."""
        return Hashes(
            self.direct[places],
            self.telling[places],
            self.mirrored[places],
            self.mirrored_telling[places],
        )

    def __len__(self) -> int:
        return len(self.direct)


@dataclass(frozen=True)
class Near:
    """Pairs of images that are near each other; `first` is before `second`.

    Attributes:
        first, second: Numbers of images, (pairs,).
        distance: Bits in which they differ, (pairs,).
        is_mirrored: Whether one is near the mirrored other, and not near it as it is, (pairs,).
        is_cut: Whether there were so many that the search ended early.
    """

    first: Places
    second: Places
    distance: Places
    is_mirrored: npt.NDArray[np.bool_]
    is_cut: bool


def find_near(hashes: Hashes, most: int = MOST_PAIRS) -> Near:
    """Find all pairs of images, as they are or mirrored, whose hashes differ in 16 bits at most.

    Of the bits that tell something in either image, no greater share may differ than 16 of 256, and
    at least 32 must tell: white backgrounds do not make drawings alike.

    It takes seconds for 100,000 photos that differ, and never longer than comparing each to each.
    """
    known = _telling_enough(hashes)
    hashes = hashes.take(known)
    words = np.concatenate([hashes.direct, hashes.mirrored])
    masks = np.concatenate([hashes.telling, hashes.mirrored_telling])
    count, found, total = len(hashes), [], 0
    is_cut = False
    for i, j in _close(words, count):
        checked = _told_apart(words, masks, i, j)
        total += len(checked)
        found.append(checked)
        if total > most:
            is_cut = True
            break
    pairs = np.concatenate(found) if found else np.empty((0, 3), np.int64)
    return _each_once(pairs, count, known, is_cut)


def _telling_enough(hashes: Hashes) -> Places:
    """No pair of two such images can have 32 telling bits, but one with a full image might."""
    return np.flatnonzero(2 * count_bits(hashes.telling) >= FEWEST_TELLING)


def _close(words: Words, count: int) -> Iterator[tuple[Places, Places]]:
    """Give all pairs (i, j), i < count, that differ in 16 bits at most; some several times."""
    keys = [_band(words, band) for band in range(BANDS)]
    sizes = [np.unique(key, return_counts=True)[1].astype(np.float64) for key in keys]
    cost = sum(float((size * (size - 1)).sum() / 2) for size in sizes)
    if cost * COST_IN_BANDS > count * count:
        yield from _sweep(words, count)
        return
    for key in keys:
        yield from _equal(words, key, count)


def _band(words: Words, band: int) -> Places:
    """Take every 17th bit: neighbours go together, and would make few bands of many photos."""
    numbers = np.zeros(len(words), np.int64)
    for place in range(BAND_BITS):
        word, bit = divmod(band + place * BANDS, 64)
        numbers |= ((words[:, word] >> np.uint64(bit)) & np.uint64(1)).astype(np.int64) << place
    return numbers


def _equal(words: Words, key: Places, count: int) -> Iterator[tuple[Places, Places]]:
    """Compare all that have the same key, but no mirrored image to another."""
    order = np.argsort(key, kind="stable")
    key, columns = key[order], [np.ascontiguousarray(words[order, word]) for word in range(WORDS)]
    starts, step = np.arange(len(order)), 0
    while len(starts):
        step += 1
        starts = starts[: np.searchsorted(starts, len(order) - step)]
        starts = starts[key[starts] == key[starts + step]]
        near = starts[order[starts] < count]  # the order is stable: the other is the later one
        distance = np.zeros(len(near), np.int64)
        for column in columns:  # few are left after the first
            distance += count_bits((column[near] ^ column[near + step])[:, None])
            is_near = distance <= FARTHEST
            near, distance = near[is_near], distance[is_near]
        yield order[near], order[near + step]


def _sweep(words: Words, count: int) -> Iterator[tuple[Places, Places]]:
    """Compare each image to each one after it, as it is and mirrored."""
    columns = [np.ascontiguousarray(words[:, word]) for word in range(WORDS)]
    for top in range(0, count, ROWS):
        rows = slice(top, min(top + ROWS, count))
        for left in range(top, count, COLUMNS):
            for start, end in ((left, count), (count + left, 2 * count)):
                across = slice(start, min(start + COLUMNS, end))
                distance = np.zeros((rows.stop - top, across.stop - start), np.uint8)
                for column in columns:
                    distance += count_in_words(column[rows, None] ^ column[None, across])
                i, j = np.nonzero(distance <= FARTHEST)
                i, j = i + top, j + start
                is_later = i < j % count
                yield i[is_later], j[is_later]


def _told_apart(words: Words, masks: Words, i: Places, j: Places) -> Places:
    """Keep those pairs that differ in few of the bits that tell: (pairs, 3), with the distance."""
    differing, either = words[i] ^ words[j], masks[i] | masks[j]
    told, telling = count_bits(differing & either), count_bits(either)
    is_near = (telling >= FEWEST_TELLING) & (told * 256 <= FARTHEST * telling)
    return np.stack([i, j, count_bits(differing)], axis=1)[is_near]


def _each_once(pairs: Places, count: int, known: Places, is_cut: bool) -> Near:
    is_mirrored = pairs[:, 1] >= count
    ends = np.sort(np.stack([pairs[:, 0], pairs[:, 1] % max(count, 1)], axis=1), axis=1)
    is_other = ends[:, 0] != ends[:, 1]  # a photo of something symmetric is near its own mirror
    ends, distance, is_mirrored = ends[is_other], pairs[is_other, 2], is_mirrored[is_other]
    order = np.lexsort((distance, is_mirrored, ends[:, 1], ends[:, 0]))  # as it is before mirrored
    ends, distance, is_mirrored = ends[order], distance[order], is_mirrored[order]
    is_first = np.ones(len(ends), bool)
    is_first[1:] = (ends[1:] != ends[:-1]).any(axis=1)
    first, second = known[ends[is_first]].T
    return Near(first, second, distance[is_first], is_mirrored[is_first], is_cut)
