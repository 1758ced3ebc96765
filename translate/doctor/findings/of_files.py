"""What is said of files that cannot be used, and of those that are no photos."""

from collections import Counter
from collections.abc import Iterator, Sequence

from translate.doctor.entries import DataSet, Faulty
from translate.doctor.findings.finding import Finding, Item, capped, counted
from translate.doctor.looking import Looks

FEW = 50  # photos of a domain that are hardly enough to learn from


def about_files(data: DataSet, looks: Looks) -> Iterator[Finding]:
    """Say which files are of no use, and what is missing."""
    faulty = [*data.faulty, *looks.faulty]
    if faulty:
        yield _unreadable(faulty)
    if data.ignored:
        yield _no_photos(data.ignored)
    for where in data.namesakes:
        yield Finding(
            kind="namesakes",
            weight="note",
            title=f"photos of {where} have the same names, but do not show the same thing",
            advice="They were looked at as unpaired, which is how CycleGAN learns; if they are "
            "pairs after all, say --pairs yes.",
        )
    yield from _about_numbers(looks)


def _unreadable(faulty: Sequence[Faulty]) -> Finding:
    return Finding(
        kind="unreadable",
        weight="serious",
        title=f"{counted(len(faulty), 'file or pair', 'files or pairs')} cannot be used",
        advice="Training refuses to start with them (or, with data.skip_bad_files, leaves them "
        "out): mend or remove them; --fix COPY leaves them out.",
        count=len(faulty),
        items=capped(Item((fault.name,), fault.reason) for fault in faulty),
    )


def _no_photos(ignored: Sequence[tuple[str, str]]) -> Finding:
    kinds = Counter(reason.split(";")[0] for _, reason in ignored)
    words = ", ".join(f"{count:,} x {reason}" for reason, count in kinds.most_common())
    return Finding(
        kind="not_photos",
        weight="note",
        title=f"{counted(len(ignored), 'other file is', 'other files are')} passed over: {words}",
        advice="Training passes them over too; --fix COPY does not take them along.",
        count=len(ignored),
        items=capped(Item((name,), reason) for name, reason in ignored),
    )


def _about_numbers(looks: Looks) -> Iterator[Finding]:
    train = [entry for entry in looks.entries if entry.split == "train"]
    counts = {d: sum(d in entry.domains for entry in train) for d in "ab"}
    counts = {domain: count for domain, count in counts.items() if count}
    few = [f"{count:,} of {domain.upper()}" for domain, count in counts.items() if count < FEW]
    if few:
        yield Finding(
            kind="few",
            weight="warning",
            title=f"there are few photos to learn from: {' and '.join(few)}",
            advice="A network learns so few by heart; a hundred are a start, a thousand are good: "
            "add photos, and let data.flip stay on.",
        )
    if train and len(train) == len(looks.entries):
        yield Finding(
            kind="no_test",
            weight="note",
            title="no photos are held out",
            advice="What a network makes of photos it never saw cannot be measured: put a tenth of "
            "the photos into test folders (testA and testB, or test).",
        )
