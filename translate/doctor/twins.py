"""Which images are the same photo, and what does it mean where they lie?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from translate.doctor.hashes import count_bits
from translate.doctor.looking import Looks
from translate.doctor.near import FEWEST_TELLING, MOST_PAIRS, Hashes, Places, find_near

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Twins:
    """Pairs of images that are one photo; all arrays are (pairs,).

    Attributes:
        first, second: Numbers of images, `first` before `second`.
        distance: Bits of 256 in which their difference hashes differ.
        is_exact: Whether all their pixels are equal.
        is_mirrored: Whether one is the mirrored other.
    """

    first: Places
    second: Places
    distance: Places
    is_exact: Flags
    is_mirrored: Flags

    def take(self, which: Flags | Places) -> "Twins":
        """Take some of them."""
        return Twins(
            self.first[which],
            self.second[which],
            self.distance[which],
            self.is_exact[which],
            self.is_mirrored[which],
        )

    def __len__(self) -> int:
        return len(self.first)


@dataclass(frozen=True)
class Sameness:
    """Twins by what they mean. Which image belongs to which entry, `Looks.owners` tells.

    Attributes:
        copies: Of one split and domain: one of them would do. Of pairs, both images are the same.
        leaks: Of two splits: what is looked at was learned from. Of pairs, one image is enough.
        shared: Of both domains, unless they are pairs.
        unchanged: Both images of one pair, equal in every pixel.
        repeated: One image of two pairs of one split, whose other images differ.
        is_cut: Whether there are more than were counted.
    """

    copies: Twins
    leaks: Twins
    shared: Twins
    unchanged: Twins
    repeated: Twins
    is_cut: bool = False


def find_sameness(looks: Looks, kept: Places | None = None, most: int = MOST_PAIRS) -> Sameness:
    """Find images that are the same photo.

    Args:
        kept: Numbers of the images that count; None: all.
    """
    images = np.arange(len(looks.facts)) if kept is None else kept
    twins, is_cut = find_twins(looks, images, most)
    owners, sides = looks.owners, looks.sides
    split = looks.splits()[owners]
    is_pair = np.array([entry.is_pair for entry in looks.entries], bool)[owners]
    i, j = twins.first, twins.second
    is_own = owners[i] == owners[j]
    is_one_domain = sides[i] == sides[j]
    is_one_split = split[i] == split[j]
    both_pairs = is_pair[i] & is_pair[j]
    # Two black halves make no leak of two pairs.
    tells = count_bits(looks.facts["telling"])[i] >= FEWEST_TELLING
    inside = is_one_domain & is_one_split & ~is_own
    is_whole = _share_both(looks, twins, inside & both_pairs)
    return Sameness(
        copies=twins.take(inside & (is_whole | ~is_pair[i])),
        leaks=twins.take(is_one_domain & ~is_one_split & (tells | ~is_pair[i] | ~is_pair[j])),
        shared=twins.take(~is_one_domain & ~both_pairs),
        unchanged=twins.take(is_own & twins.is_exact & ~twins.is_mirrored),
        repeated=twins.take(inside & both_pairs & ~is_whole & tells),
        is_cut=is_cut,
    )


def _share_both(looks: Looks, twins: Twins, which: Flags) -> Flags:
    """Say of twins among pairs whether their entries share the image of the other domain too."""
    count = max(1, len(looks.entries))
    keys = looks.owners[twins.first] * count + looks.owners[twins.second]
    side = looks.sides[twins.first]
    both = np.intersect1d(keys[which & (side == 0)], keys[which & (side == 1)])
    return which & np.isin(keys, both)


def find_twins(looks: Looks, images: Places, most: int = MOST_PAIRS) -> tuple[Twins, bool]:
    """Find which of some images are one photo; the flag says whether there are more than `most`.

    Of many equal images each is told with the first of each folder only: the number of pairs
    grows with their number, not with its square.
    """
    groups = np.unique(looks.facts["pixels"][images], return_inverse=True)[1].ravel()
    exact = _pair_up(looks, images, groups)
    order = np.argsort(groups, kind="stable")
    firsts = images[order[np.r_[True, np.diff(groups[order]) > 0]]] if len(images) else images
    firsts = np.sort(firsts)
    facts = looks.facts[firsts]
    near = find_near(
        Hashes(facts["hash"], facts["telling"], facts["mirrored"], facts["mirrored_telling"]), most
    )
    found = Twins(
        firsts[near.first],
        firsts[near.second],
        near.distance,
        np.zeros(len(near.first), bool),
        near.is_mirrored,
    )
    spread = _spread(looks, found, images, groups)
    return _joined(exact, spread), near.is_cut


def _sets(looks: Looks, images: Places) -> Places:
    """Number the folders that images lie in: by split, domain, and whether they are pairs."""
    is_pair = np.array([entry.is_pair for entry in looks.entries], np.int64)
    owners = looks.owners[images]
    return looks.splits()[owners] * 4 + looks.sides[images] * 2 + is_pair[owners]


def _pair_up(looks: Looks, images: Places, groups: Places) -> Twins:
    """Pair each image of a group with the first of the group in each folder."""
    sets = _sets(looks, images)
    found = [np.empty((0, 2), np.int64)]
    for one in np.unique(sets):
        inside = np.flatnonzero(sets == one)
        firsts = np.full(groups.max() + 1 if len(groups) else 0, len(images), np.int64)
        np.minimum.at(firsts, groups[inside], inside)
        first = firsts[groups]
        is_other = (first < len(images)) & (first != np.arange(len(images)))
        found.append(np.stack([first[is_other], np.flatnonzero(is_other)], axis=1))
    ends = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    count = len(ends)
    return Twins(
        images[ends[:, 0]],
        images[ends[:, 1]],
        np.zeros(count, np.int64),
        np.ones(count, bool),
        np.zeros(count, bool),
    )


def _spread(looks: Looks, near: Twins, images: Places, groups: Places) -> Twins:
    """Say of the equals of near images what was found of the first of each group alone."""
    sizes = np.bincount(groups) if len(groups) else np.zeros(0, np.int64)
    group_of = np.full(len(looks.facts), -1, np.int64)
    group_of[images] = groups
    is_large = (sizes[group_of[near.first]] > 1) | (sizes[group_of[near.second]] > 1)
    if not is_large.any():
        return near
    sets = _sets(looks, images)
    members: dict[int, Places] = {}
    parts = [near.take(~is_large)]
    for place in np.flatnonzero(is_large).tolist():
        ends = near.first[place], near.second[place]
        one, other = (
            members.setdefault(g, np.flatnonzero(groups == g)) for g in (group_of[e] for e in ends)
        )
        few_one, few_other = (
            part[np.unique(sets[part], return_index=True)[1]] for part in (one, other)
        )
        grid = np.unique(np.concatenate([_grid(one, few_other), _grid(few_one, other)]), axis=0)
        parts.append(_repeated(near, place, np.sort(images[grid], axis=1)))
    return _joined(*parts)


def _grid(rows: Places, columns: Places) -> Places:
    return np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)


def _repeated(near: Twins, place: int, ends: Places) -> Twins:
    like = near.take(np.full(len(ends), place))
    return Twins(ends[:, 0], ends[:, 1], like.distance, like.is_exact, like.is_mirrored)


def _joined(*parts: Twins) -> Twins:
    joined = Twins(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("first", "second", "distance", "is_exact", "is_mirrored")
        )
    )
    return joined.take(np.lexsort((joined.second, joined.first)))
