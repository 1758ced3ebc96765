"""What is said of how the two domains differ, and of photos that look like the other one."""

from collections.abc import Iterator

from translate.doctor.domains import Separation
from translate.doctor.findings.finding import (
    Finding,
    Item,
    capped,
    counted,
    image_of,
    name_of,
)
from translate.doctor.looking import Looks

HARD = 0.65  # accuracy below which the domains hardly differ
NEARLY = 0.02  # of accuracy: by which features are hardly better than brightness alone
CLEAR = 0.9


def about_domains(looks: Looks, separation: Separation) -> Iterator[Finding]:
    """Say how separable the domains are, and which photos are suspicious."""
    yield _separable(separation)
    count = len(separation.suspicious)
    if not count:
        return
    yield Finding(
        kind="suspicious",
        weight="warning",
        title=f"{counted(count, 'photo looks', 'photos look')} like the other domain"
        f" (of {sum(separation.counts):,} looked at)",
        advice="A photo on the wrong side teaches the wrong thing: look at each and move or remove "
        "what is wrong; --fix COPY --drop-suspicious leaves all of them out.",
        count=count,
        items=capped(
            _item(looks, int(image), float(doubt))
            for image, doubt in zip(separation.suspicious, separation.doubts, strict=True)
        ),
    )


def _item(looks: Looks, image: int, doubt: float) -> Item:
    own, other = ("A", "B") if looks.sides[image] == 0 else ("B", "A")
    words = f"is in {own}, looks like {other} with probability {doubt:.0%}"
    return Item((name_of(looks, image),), words, (image_of(looks, image),), {"other": doubt})


def _separable(separation: Separation) -> Finding:
    features, brightness = separation.by_features, separation.by_brightness
    if features.value < HARD:
        advice = (
            "Chance is 50%. The domains hardly differ, so there is little to translate and no "
            "measure will show it: choose photos that show the difference more clearly."
        )
    elif brightness.value >= CLEAR and brightness.value >= features.value - NEARLY:
        advice = (
            "Brightness alone tells them apart, so a network can win its game by darkening or "
            "brightening: look at structure and lights in the samples, not at the loss."
        )
    elif features.value >= CLEAR:
        advice = (
            "The domains differ clearly: there is something to learn, and measures can show it."
        )
    else:
        advice = (
            "The domains overlap: expect subtle changes, and do not expect measures such as KID to "
            "separate good from bad models easily."
        )
    return Finding(
        kind="separable",
        weight="warning" if features.value < HARD else "note",
        title=f"A and B are told apart in {features}; by brightness alone in {brightness}",
        advice=advice,
    )
