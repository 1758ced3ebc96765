"""Which of many hashes differ in a few bits only? All such pairs, found without trying each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from translate.doctor.hashes import WORDS, Words, count_bits, count_in_words

FARTHEST = 16  # bits of 256 in which hashes of one photo may differ
BANDS, BAND_BITS = FARTHEST + 1, 15  # in 17 bands with 16 differences, one has none
FEWEST_TELLING = 32  # bits: below that a photo is as good as empty, and like all other empty ones
MOST_PAIRS = 2_000_000  # more are those of films frame by frame, and fill the memory
ROWS, COLUMNS = 64, 2048  # hashes of a large group that are compared at a time: they fit a cache
LARGE = 64

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
    cost = sum(_count_pairs(key) for key in keys)
    if cost > _count_pairs(np.zeros(len(words), np.int64)):
        keys = [np.zeros(len(words), np.int64)]  # bands are of no help: compare each to each
    for key in keys:
        yield from _compare_equal(words, key, count)


def _compare_equal(words: Words, key: Places, count: int) -> Iterator[tuple[Places, Places]]:
    """Compare all that have the same key, but no mirrored image to another."""
    order = np.argsort(key, kind="stable")  # so that mirrored images come last in each group
    ordered = key[order]
    columns = [np.ascontiguousarray(words[order, word]) for word in range(WORDS)]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], len(order)]
    sizes, is_direct = ends - starts, order < count
    is_large = sizes >= LARGE
    for start, end in zip(starts[is_large].tolist(), ends[is_large].tolist(), strict=True):
        rows_end = start + int(is_direct[start:end].sum())
        for i, j in _compare_blocks(columns, start, rows_end, end):
            yield order[i], order[j]
    is_small = is_direct & ~np.repeat(is_large, sizes)
    for i, j in _compare_steps(columns, np.flatnonzero(is_small), np.repeat(ends, sizes)[is_small]):
        yield order[i], order[j]


def _count_pairs(key: Places) -> float:
    sizes = np.unique(key, return_counts=True)[1].astype(np.float64)
    return float((sizes * (sizes - 1)).sum() / 2)


def _band(words: Words, band: int) -> Places:
    """Take every 17th bit: neighbours go together, and would make few bands of many photos."""
    numbers = np.zeros(len(words), np.int64)
    for place in range(BAND_BITS):
        word, bit = divmod(band + place * BANDS, 64)
        numbers |= ((words[:, word] >> np.uint64(bit)) & np.uint64(1)).astype(np.int64) << place
    return numbers


def _compare_blocks(
    columns: list[Words], start: int, rows_end: int, end: int
) -> Iterator[tuple[Places, Places]]:
    """Compare each of some rows to all that come after it, up to an end."""
    for top in range(start, rows_end, ROWS):
        rows = slice(top, min(top + ROWS, rows_end))
        for left in range(top, end, COLUMNS):
            across = slice(left, min(left + COLUMNS, end))
            distance = np.zeros((rows.stop - top, across.stop - left), np.uint16)
            for column in columns:
                distance += count_in_words(column[rows, None] ^ column[None, across])
                if not (distance <= FARTHEST).any():
                    break
            i, j = np.nonzero(distance <= FARTHEST)
            is_later = i + top < j + left
            yield i[is_later] + top, j[is_later] + left


def _compare_steps(
    columns: list[Words], starts: Places, ends: Places
) -> Iterator[tuple[Places, Places]]:
    """Compare each to the next, the one after that and so on, each up to an end of its own."""
    step = 0
    while len(starts):
        step += 1
        is_inside = starts + step < ends
        starts, ends = starts[is_inside], ends[is_inside]
        near, distance = starts, np.zeros(len(starts), np.int64)
        for column in columns:  # few are left after the first
            distance = distance + count_in_words(column[near] ^ column[near + step])
            is_near = distance <= FARTHEST
            near, distance = near[is_near], distance[is_near]
        yield near, near + step


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
