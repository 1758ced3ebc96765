"""What is said of photos that occur more than once."""

from collections.abc import Iterator

import numpy as np

from translate.doctor.findings.finding import (
    Finding,
    Item,
    capped,
    counted,
    image_of,
    name_of,
)
from translate.doctor.looking import Looks
from translate.doctor.near import Places
from translate.doctor.twins import Sameness, Twins


def about_sameness(looks: Looks, sameness: Sameness) -> Iterator[Finding]:
    """Say which photos are leaked, shared by both domains, or there several times."""
    more = "at least " * sameness.is_cut
    if len(sameness.leaks):
        yield _leaks(looks, sameness.leaks, more)
    if len(sameness.shared):
        yield _shared(looks, sameness.shared, more)
    if len(sameness.unchanged):
        yield _unchanged(looks, sameness.unchanged)
    exact = sameness.copies.is_exact
    if exact.any():
        yield _copies(looks, sameness.copies.take(exact), more, is_exact=True)
    later = looks.owners[sameness.copies.second]
    is_told = np.isin(later, later[exact])
    if (~exact & ~is_told).any():
        yield _copies(looks, sameness.copies.take(~exact & ~is_told), more, is_exact=False)
    if len(sameness.repeated):
        yield _repeated(looks, sameness.repeated)


def describe_twins(looks: Looks, twins: Twins, place: int) -> str:
    """Say how alike two images are."""
    if twins.is_exact[place]:
        one, other = (
            looks.digests[looks.owners[image]]
            for image in (twins.first[place], twins.second[place])
        )
        return "the same file" if set(one) & set(other) else "the same pixels in another file"
    mirrored = ", mirrored" * bool(twins.is_mirrored[place])
    return f"nearly the same ({twins.distance[place]} of 256 bits differ){mirrored}"


def looked_at_later(looks: Looks, twins: Twins) -> tuple[Places, Places]:
    """Order twins of two splits: the one that stays (test before val before train), the other."""
    ranks = looks.splits()[looks.owners]
    is_ordered = ranks[twins.first] >= ranks[twins.second]
    return (
        np.where(is_ordered, twins.first, twins.second),
        np.where(is_ordered, twins.second, twins.first),
    )


def _items(looks: Looks, twins: Twins, first: Places, second: Places) -> tuple[Item, ...]:
    """Tell each `first` image once, with its nearest twin; the nearest of all come first."""
    order = np.lexsort((second, first, twins.distance, ~twins.is_exact))
    order = order[np.sort(np.unique(first[order], return_index=True)[1])]
    return capped(
        Item(
            names=(name_of(looks, first[place]), name_of(looks, second[place])),
            words=describe_twins(looks, twins, place),
            images=(image_of(looks, first[place]), image_of(looks, second[place])),
            numbers={
                "distance": int(twins.distance[place]),
                "exact": int(twins.is_exact[place]),
                "mirrored": int(twins.is_mirrored[place]),
            },
        )
        for place in order
    )


def _count(looks: Looks, images: Places) -> int:
    return len(np.unique(looks.owners[images]))


def _leaks(looks: Looks, leaks: Twins, more: str) -> Finding:
    stays, goes = looked_at_later(looks, leaks)
    count = _count(looks, stays)
    kept_in, lost_in = (
        " and ".join(sorted({looks.entries[looks.owners[image]].split for image in images}))
        for images in (stays, goes)
    )
    return Finding(
        kind="leaks",
        weight="serious",
        title=f"{more}{counted(count, 'photo', 'photos')} of {kept_in} "
        f"{'is' if count == 1 else 'are'} in {lost_in} too, as "
        f"{counted(_count(looks, goes), 'photo', 'photos')} there",
        advice="Measurements on photos that were learned from look better than they are: remove "
        f"them from {lost_in}; --fix COPY does.",
        count=count,
        items=_items(looks, leaks, stays, goes),
    )


def _shared(looks: Looks, shared: Twins, more: str) -> Finding:
    is_a = looks.sides[shared.first] == 0
    in_a = np.where(is_a, shared.first, shared.second)
    in_b = np.where(is_a, shared.second, shared.first)
    count = _count(looks, in_a)
    return Finding(
        kind="shared",
        weight="serious",
        title=f"{more}{counted(count, 'photo', 'photos')} of A "
        f"{'is' if count == 1 else 'are'} in B too",
        advice="Such a photo teaches that nothing need change: decide where it belongs and remove "
        "the other; --fix COPY removes both.",
        count=count,
        items=_items(looks, shared, in_a, in_b),
    )


def _unchanged(looks: Looks, unchanged: Twins) -> Finding:
    return Finding(
        kind="unchanged",
        weight="warning",
        title=f"in {counted(len(unchanged), 'pair', 'pairs')} A and B are equal",
        advice="Equal images teach that nothing need change: look whether the right file was "
        "written as B.",
        count=len(unchanged),
        items=_items(looks, unchanged, unchanged.first, unchanged.second),
    )


def _copies(looks: Looks, copies: Twins, more: str, is_exact: bool) -> Finding:
    count = _count(looks, copies.second)
    what = "exact copies" if is_exact else "nearly the same photo as another"
    some = counted(count, "photo or pair is", "photos or pairs are")
    return Finding(
        kind="copies" if is_exact else "near_copies",
        weight="warning",
        title=f"{more}{some} {what}" if not is_exact else f"{more}{count:,} {what}",
        advice="A photo that is there several times counts several times, and teaches nothing new: "
        "keep one of each; --fix COPY keeps the first.",
        count=count,
        items=_items(looks, copies, copies.second, copies.first),
    )


def _repeated(looks: Looks, repeated: Twins) -> Finding:
    count = _count(looks, repeated.second)
    return Finding(
        kind="repeated",
        weight="note",
        title=f"{counted(count, 'pair repeats', 'pairs repeat')} one image of another pair, with "
        "another partner",
        advice="That is right where one place was taken several times, but there are fewer places "
        "than pairs; keep pictures of one place out of both train and test.",
        count=count,
        items=_items(looks, repeated, repeated.second, repeated.first),
    )
