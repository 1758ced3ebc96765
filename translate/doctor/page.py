"""The page: what was found, with pictures, and the two domains in numbers and bars."""

from pathlib import Path

from translate.doctor.entries import describe_counts
from translate.doctor.examining import Diagnosis
from translate.doctor.facts import BINS, CHANNELS
from translate.doctor.findings.finding import WEIGHTS, Finding, Item, counted
from translate.doctor.summing import SIZES_PX, Summary
from translate.doctor.thumbnails import draw_beside, draw_pair
from translate.pages import (
    Html,
    Page,
    Picture,
    bars,
    bullets,
    facts,
    folded,
    gallery,
    joined,
    note,
    number,
    side_by_side,
    table,
    text,
)

SHOWN = 24  # pictures of one finding
LISTED = 50  # names, where there are no pictures
HEADINGS = {
    "unreadable": "Files that cannot be used",
    "leaks": "Looked at, but learned from too",
    "shared": "In A and in B",
    "shifted": "Pairs out of alignment",
    "all_shifted": "All pairs out of alignment",
    "strangers": "Pairs of two different things",
    "copies": "Exact copies",
    "near_copies": "Nearly the same photo",
    "unchanged": "Pairs of two equal images",
    "repeated": "Images in several pairs",
    "suspicious": "Perhaps in the wrong domain",
    "small": "Smaller than the crop",
    "flat": "Images of nothing",
    "grey": "Without colour",
    "not_photos": "Other files",
}
PAIRS = ("shifted", "strangers")  # drawn with their edges


def write_page(diagnosis: Diagnosis, file: Path) -> None:
    """Write the page.

    Raises:
        DataError: The disk refuses.
    """
    data = diagnosis.data
    page = Page(f"Data set: {data.title}", f"{describe_counts(diagnosis.looks.entries)}.")
    page.section("What was found", *_overview(diagnosis))
    for finding in diagnosis.findings:
        if finding.items:
            page.section(HEADINGS.get(finding.kind, finding.kind), *_details(finding))
    if diagnosis.summaries:
        page.section("Light and colour", *_light(diagnosis))
        page.section("Sizes", *_sizes(diagnosis))
    if data.domains == "ab":
        page.section("How separable A and B are", *_separation(diagnosis))
    page.section("What was looked at", *_origin(diagnosis))
    page.write(file)


def _overview(diagnosis: Diagnosis) -> list[Html]:
    if not diagnosis.findings:
        return [note("Nothing to be said against this data set.", "good")]
    counts = {weight: len(diagnosis.of(weight)) for weight in WEIGHTS}
    lead = (
        note("Something spoils a training or its measurement: see what is serious.", "warning")
        if counts["serious"]
        else note("Nothing serious was found.", "good")
    )
    rows = [
        [f.weight, joined(text(f"{_sentence(f.title)}."), text(f.advice))]
        for f in diagnosis.findings
    ]
    return [lead, table(["weight", "what was found, what it means, and what to do"], rows)]


def _details(finding: Finding) -> list[Html]:
    parts = [text(f"{_sentence(finding.title)}."), text(finding.advice)]
    with_images = [item for item in finding.items if item.images][:SHOWN]
    pictures = [p for item in with_images if (p := _picture(item, finding.kind)) is not None]
    if pictures:
        if finding.kind in PAIRS:
            parts.append(text("A, B, and the edges of both: A's in red, B's in cyan."))
        parts.append(gallery(pictures))
    else:
        lines = [f"{' and '.join(item.names)}: {item.words}" for item in finding.items[:LISTED]]
        parts.append(folded(counted(len(lines), "name", "names"), bullets(lines)))
    more = finding.count - (len(pictures) or min(LISTED, len(finding.items)))
    if more > 0:
        parts.append(text(f"{counted(more, 'more', 'more')}; --json FILE names them."))
    return parts


def _picture(item: Item, kind: str) -> Picture | None:
    draw = draw_pair if kind in PAIRS else draw_beside
    drawn = draw(item.images)
    if drawn is None:
        return None
    return Picture(drawn, caption=item.words, title=" and ".join(item.names))


def _light(diagnosis: Diagnosis) -> list[Html]:
    summaries = diagnosis.summaries
    labels = [f"{round(256 * place / BINS)}" for place in range(BINS)]
    drawn = [
        bars(
            f"{name}, from black (0) to full (255): share of pixels in %",
            labels,
            {d.upper(): (100 * s.levels[row]).tolist() for d, s in summaries.items()},
        )
        for row, name in enumerate(CHANNELS)
    ]
    rows = [[d.upper(), *_percentages(s)] for d, s in summaries.items()]
    heads = ["domain", "mean luminance", "contrast", "colour", "black", "white"]
    return [
        table(heads, rows),
        text(
            "Contrast is the standard deviation of luminance; colour the distance between the "
            "strongest and the weakest of red, green and blue; black and white are the shares of "
            "pixels that are as good as that. All are means over the photos of a domain."
        ),
        side_by_side(*drawn[:2]),
        side_by_side(*drawn[2:]),
    ]


def _percentages(summary: Summary) -> list[Html]:
    values = (summary.brightness, summary.contrast, summary.colour, summary.black, summary.white)
    return [number(f"{value:.1%}") for value in values]


def _sizes(diagnosis: Diagnosis) -> list[Html]:
    borders = [str(border) for border in SIZES_PX]
    labels = [f"below {borders[0]}", *borders]
    rows: list[list[Html | str | int | float]] = []
    for domain, s in diagnosis.summaries.items():
        ranges = [number(" / ".join(map(str, values))) for values in (s.width, s.height)]
        aspect = number(" / ".join(f"{value:.2f}" for value in s.aspect))
        rows.append([domain.upper(), s.count, *ranges, aspect])
    return [
        table(["domain", "images", "width, px", "height, px", "width / height"], rows),
        text("Each is the least, the median and the greatest."),
        bars(
            "shorter side in px, from this to the next: share of images in %",
            labels,
            {d.upper(): (100 * s.sizes).tolist() for d, s in diagnosis.summaries.items()},
        ),
    ]


def _separation(diagnosis: Diagnosis) -> list[Html]:
    separation = diagnosis.separation
    if separation is None:
        return [note(f"Not looked at: {diagnosis.remark}.")]
    found = {
        "features of EfficientNet-Lite0": separation.by_features,
        "mean luminance alone": separation.by_brightness,
    }
    rows = [
        [name, number(f"{a.value:.1%}"), number(f"{a.low:.1%} to {a.high:.1%}")]
        for name, a in found.items()
    ]
    advice = next(f.advice for f in diagnosis.findings if f.kind == "separable")
    return [
        text(advice),
        table(["told apart by", "rightly", "95% interval"], rows),
        text(
            f"A classifier was trained ten times on nine tenths of {separation.counts[0]:,} photos "
            f"of A and {separation.counts[1]:,} of B, and asked about the last tenth. 50% is "
            "chance. Where one place or one moment occurs many times, it is easier than it seems."
        ),
    ]


def _origin(diagnosis: Diagnosis) -> list[Html]:
    data, looks = diagnosis.data, diagnosis.looks
    values: dict[str, object] = {
        "folders": ", ".join(str(folder) for folder in data.folders),
        "layout": data.layout,
        "photos and pairs": f"{len(looks.entries):,} of {len(data.entries):,} could be used",
        "near": "difference hashes of 256 bits, of which at most 16 differ, mirrored or not",
    }
    verdict = diagnosis.verdict
    if verdict is not None:
        strangers = f", of strangers {verdict.usual[1]:.2f}" if verdict.usual[1] is not None else ""
        values["edges"] = (
            f"usual agreement of pairs {verdict.usual[0]:.2f}{strangers}; "
            f"{verdict.in_place:.0%} of pairs fit best as they lie"
        )
    return [facts(values)]


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
