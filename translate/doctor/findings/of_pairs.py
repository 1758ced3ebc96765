"""What is said of pairs whose images do not belong together."""

from collections.abc import Iterator

from translate.doctor.findings.finding import Finding, Item, capped, counted, images_of
from translate.doctor.looking import Looks
from translate.doctor.pairs import Verdict


def about_pairs(looks: Looks, verdict: Verdict) -> Iterator[Finding]:
    """Say which pairs are out of alignment, or that this cannot be told here."""
    if not verdict.tells:
        yield _silent(verdict)
        return
    if verdict.common_shift is not None:
        yield _all_shifted(verdict.common_shift)
    if verdict.shifted:
        yield _shifted(looks, verdict)
    if verdict.strange:
        yield _strange(looks, verdict)


def describe_shift(right: float, down: float) -> str:
    """Say in words how far B lies from where it should: `6 px to the right and 2 px up`."""
    parts = []
    for value, plus, minus in ((right, "to the right", "to the left"), (down, "down", "up")):
        if abs(value) >= 0.5:
            parts.append(f"{abs(value):.0f} px {plus if value > 0 else minus}")
    return " and ".join(parts) or "in place"


def _silent(verdict: Verdict) -> Finding:
    return Finding(
        kind="edges_silent",
        weight="warning",
        title="edges of A and B agree no better in pairs than among strangers "
        f"({verdict.better or 0:.0%} of comparisons; chance is 50%)",
        advice="Either the two domains have no edges in common, so that nothing can be said of "
        "their alignment, or partners were mixed up: look at a few pairs.",
    )


def _all_shifted(shift: tuple[float, float]) -> Finding:
    return Finding(
        kind="all_shifted",
        weight="serious",
        title=f"in most pairs B lies {describe_shift(*shift)}",
        advice="A network that is paid for every pixel learns to blur and to shift: move B back by "
        "as much in all pairs and crop both.",
    )


def _shifted(looks: Looks, verdict: Verdict) -> Finding:
    def item(entry: int) -> Item:
        in_place, best, _, right, down = looks.agreements[entry].tolist()
        words = (
            f"B lies {describe_shift(right, down)}: edges agree {best:.2f} when it is moved back, "
            f"{in_place:.2f} as it is"
        )
        numbers = {"right": right, "down": down, "best": best, "in_place": in_place}
        return Item((looks.entries[entry].name,), words, images_of(looks, entry), numbers)

    count = len(verdict.shifted)
    return Finding(
        kind="shifted",
        weight="serious",
        title=f"in {counted(count, 'pair', 'pairs')} A and B do not lie over one another",
        advice="A network that is paid for every pixel learns blur from them: align them anew, or "
        "leave them out.",
        count=count,
        items=capped(item(entry) for entry in verdict.shifted),
    )


def _strange(looks: Looks, verdict: Verdict) -> Finding:
    def item(entry: int) -> Item:
        best = float(looks.agreements[entry, 1])
        words = f"edges agree {best:.2f} at best; usual here is {verdict.usual[0]:.2f}"
        return Item((looks.entries[entry].name,), words, images_of(looks, entry), {"best": best})

    count = len(verdict.strange)
    return Finding(
        kind="strangers",
        weight="serious",
        title=f"{counted(count, 'pair seems', 'pairs seem')} to show two different things",
        advice="Their edges agree as little as those of images of different pairs: look whether "
        "the right partners have the same name.",
        count=count,
        items=capped(item(entry) for entry in verdict.strange),
    )
