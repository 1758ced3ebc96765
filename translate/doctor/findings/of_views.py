"""What is said of sizes, of light, and of photos with nothing in them."""

from collections.abc import Iterator, Mapping

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
from translate.doctor.summing import Summary

FLAT = 0.02  # contrast of 1: five levels of 255, as in a photo with the cap on
GREY, COLOURFUL = 0.01, 0.05  # colour of 1: none, and what a domain of colour photos has
RARE = 0.2  # share of photos up to which they are exceptions
GAP = 0.1  # in mean brightness, of 1: that can be seen
CLIPPED = 0.25  # share of a photo that is black or white: no detail is left in it
SHAPES = 1.5  # times as wide, against the narrowest, that photos are cropped very differently


def about_views(looks: Looks, summaries: Mapping[str, Summary], crop_px: int) -> Iterator[Finding]:
    """Say what sizes, shapes and light mean for training."""
    yield from _small(looks, crop_px)
    yield from _shapes(summaries)
    yield from _gap(summaries)
    yield from _clipped(looks)
    yield from _flat(looks)
    yield from _grey(looks, summaries)


def describe_gap(summaries: Mapping[str, Summary]) -> str | None:
    """Say how much brighter one domain is; None: hardly, or there is one alone."""
    if len(summaries) < 2:
        return None
    a, b = summaries["a"].brightness, summaries["b"].brightness
    if abs(a - b) < GAP:
        return None
    return f"{'A' if a > b else 'B'} is brighter: mean luminance {a:.0%} in A, {b:.0%} in B"


def _small(looks: Looks, crop_px: int) -> Iterator[Finding]:
    shorter = np.minimum(looks.facts["width"], looks.facts["height"])
    is_train = np.array([e.split == "train" for e in looks.entries], bool)[looks.owners]
    small = np.flatnonzero((shorter < crop_px) & is_train)
    if not len(small):
        return
    least = int(shorter[is_train].min())
    count = len(np.unique(looks.owners[small]))
    order = small[np.argsort(shorter[small], kind="stable")]
    are_few = len(small) <= RARE * int(is_train.sum())
    remedy = "leave them out" if are_few else f"set data.crop_px to {least} at most"
    yield Finding(
        kind="small",
        weight="warning",
        title=f"{counted(count, 'photo or pair is', 'photos or pairs are')} smaller than "
        f"{crop_px} px, the square that is cut out for training (the smallest: {least} px)",
        advice=f"Enlarged photos teach blur, so training refuses them: {remedy}.",
        count=count,
        items=capped(_sized(looks, int(image)) for image in order),
    )


def _sized(looks: Looks, image: int) -> Item:
    facts = looks.facts[image]
    return Item((name_of(looks, image),), f"{facts['width']} x {facts['height']} px")


def _shapes(summaries: Mapping[str, Summary]) -> Iterator[Finding]:
    for domain, summary in summaries.items():
        low, _, high = summary.aspect
        if high > SHAPES * low:
            yield Finding(
                kind="shapes",
                weight="note",
                title=f"shapes of {domain.upper()} differ: width is {low:.2f} to {high:.2f} times "
                "height",
                advice="With data.resize shorter_side (the default) proportions are kept and the "
                "ends of long photos are seen less often; square would distort them.",
            )


def _gap(summaries: Mapping[str, Summary]) -> Iterator[Finding]:
    words = describe_gap(summaries)
    if words is not None:
        yield Finding(
            kind="brightness_gap",
            weight="note",
            title=words,
            advice="A network learns this first. If it is the task (day to night), good; if not, "
            "it will darken or brighten what should only change its season: balance the photos.",
        )


def _clipped(looks: Looks) -> Iterator[Finding]:
    for name, words in (("black", "black"), ("white", "white")):
        shares = looks.facts[name]
        for side, domain in enumerate("ab"):
            is_of = looks.sides == side
            found = int((is_of & (shares > CLIPPED)).sum())
            if found and 5 * found >= int(is_of.sum()):  # a fifth: no exceptions
                yield Finding(
                    kind=f"much_{name}",
                    weight="note",
                    title=f"{counted(found, 'photo', 'photos')} of {domain.upper()} "
                    f"{'is' if found == 1 else 'are'} {words} over more than a quarter",
                    advice="Nothing can be learned from what is clipped, and a network that makes "
                    f"{domain.upper()} will make such areas too.",
                    count=found,
                )


def _flat(looks: Looks) -> Iterator[Finding]:
    flat = np.flatnonzero(looks.facts["contrast"] < FLAT)
    if not len(flat):
        return
    is_single = np.array([not e.is_pair for e in looks.entries], bool)[looks.owners[flat]]
    yield Finding(
        kind="flat",
        weight="warning" if is_single.any() else "note",
        title=f"{counted(len(flat), 'image shows', 'images show')} almost nothing: one colour all "
        "over",
        advice="They teach to paint everything over: remove those that are mistakes, such as "
        "photos with the cap on.",
        count=len(flat),
        items=_images(looks, flat),
    )


def _grey(looks: Looks, summaries: Mapping[str, Summary]) -> Iterator[Finding]:
    for side, domain in enumerate("ab"):
        is_of = looks.sides == side
        is_grey = is_of & (looks.facts["colour"] < GREY) & (looks.facts["contrast"] >= FLAT)
        grey = np.flatnonzero(is_grey)
        if not len(grey) or domain not in summaries:
            continue
        if summaries[domain].colour < COLOURFUL or len(grey) > RARE * summaries[domain].count:
            continue
        yield Finding(
            kind="grey",
            weight="warning",
            title=f"{counted(len(grey), 'photo', 'photos')} of {domain.upper()} "
            f"{'has' if len(grey) == 1 else 'have'} no colour, among colour photos",
            advice="They teach that photos may lose their colour: remove them unless that is "
            "meant.",
            count=len(grey),
            items=_images(looks, grey),
        )


def _images(looks: Looks, images: Places) -> tuple[Item, ...]:
    return capped(
        Item(
            (name_of(looks, image),),
            f"contrast {looks.facts['contrast'][image]:.1%}, "
            f"mean luminance {looks.facts['brightness'][image]:.0%}",
            (image_of(looks, image),),
        )
        for image in images.tolist()
    )
