"""The doctor in brief: a few lines before every training, in a few seconds."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from translate.data import Splits
from translate.data.derived import DerivedPhotos, HeldOutDerived
from translate.data.held_out import HeldOutPhotos
from translate.data.pair_files import PairFiles
from translate.data.paired import PairedPhotos
from translate.data.unpaired import UnpairedPhotos
from translate.doctor.cache import USUAL, Cache
from translate.doctor.entries import Entry
from translate.doctor.findings.finding import counted
from translate.doctor.findings.of_sameness import looked_at_later
from translate.doctor.findings.of_views import describe_gap
from translate.doctor.looking import Looks, Manner, look
from translate.doctor.pairs import judge_pairs
from translate.doctor.reading import Opened
from translate.doctor.summing import summarize
from translate.doctor.twins import Sameness, find_sameness
from translate.images.glancing import glance
from translate.machine import cache_file, usable_cores
from translate.printing import printable

MOST = 5000  # photos and pairs looked at; of more, as many are chosen
SECONDS = 8.0  # after which what was not looked at is left out
GLANCE_PX = 128  # shorter side of what is seen of a photo
WORTH_KEEPING = 200  # photos and pairs; of fewer, looking again takes no longer than remembering
MOST_LINES = 5


def brief(data: Splits, cache: Path | None = None, seconds: float = SECONDS) -> list[str]:
    """Look at a data set quickly before it is learned from; nothing is ever refused.

    It looks for photos that are both learned from and looked at, for those that are in both
    domains, for copies, for pairs that are shifted, and for a difference in brightness.

    Args:
        data: What was found to learn from. Scenes that are drawn here, data sets of an unknown
            kind, and images of bands are not looked at.
        cache: Where facts are remembered; None: among the user's caches.
        seconds: How long it may take; what was not looked at by then is left out, and said.

    Returns:
        None to five short lines for people.
    """
    if data.card is not None and data.card.scenes is not None:
        return []
    if any(encoding.kind == "bands" for encoding in data.encodings.values()):
        return []
    entries = list_entries(data)
    if not entries:
        return []
    chosen = sorted(entries, key=lambda entry: _rank(entry.name))[:MOST]
    file = cache or (cache_file(USUAL) if len(entries) >= WORTH_KEEPING else None)
    with Cache(file, opening=f"glance {GLANCE_PX}") as known:
        manner = Manner(usable_cores(), open_file=_open_quickly, seconds=seconds)
        looks = look(chosen, known, manner)
    if not looks.entries:
        return []
    lines = [printable(line) for line in _warn(looks)][: MOST_LINES - 1]
    if not lines:
        return []
    seen = len(looks.entries) + len(looks.faulty)
    some = f"only {seen:,} of {len(entries):,} were looked at; " * (seen < len(entries))
    return [*lines, f"{some}photo-translate doctor tells more"]


def list_entries(data: Splits) -> list[Entry]:
    """List what a run learns from and looks at; nothing, if its data sets are of no known kind."""
    train: Any = data.train
    found: list[Entry] = []
    if isinstance(train, UnpairedPhotos):
        found += _singles(train.files_a, "a", "train") + _singles(train.files_b, "b", "train")
    elif isinstance(train, PairedPhotos):
        found += _pairs(train.pairs, "train")
    elif isinstance(train, DerivedPhotos):
        found += _singles(train.files, "a", "train")
    if isinstance(data.test, HeldOutPhotos):
        if data.test_is_paired:
            found += _pairs(data.test.files, "test")
        else:
            for domain in "ab":
                files = dict.fromkeys(getattr(pair, domain) for pair in data.test.files)
                found += _singles(list(files), domain, "test")
    elif isinstance(data.test, HeldOutDerived):
        found += _singles(data.test.files, "a", "test")
    return found


def _singles(files: Sequence[Path], domain: str, split: str) -> list[Entry]:
    return [Entry((str(file),), (file,), split, domain) for file in files]


def _pairs(pairs: Sequence[PairFiles], split: str) -> list[Entry]:
    files = [(pair.a,) if pair.is_side_by_side else (pair.a, pair.b) for pair in pairs]
    return [Entry(tuple(str(file) for file in some), some, split, "ab") for some in files]


def _rank(name: str) -> bytes:
    return hashlib.sha256(os.fsencode(name)).digest()


def _open_quickly(file: Path) -> Opened:
    pixels = glance(file, GLANCE_PX)
    even = pixels.shape[1] // 2 * 2  # an eighth of two halves may be odd
    return pixels[:, :even], b""


def _warn(looks: Looks) -> Iterator[str]:
    yield from _warn_of_twins(looks, find_sameness(looks))
    verdict = judge_pairs(looks)
    if verdict is not None and verdict.tells:
        if verdict.common_shift is not None:
            yield "in most pairs B is shifted against A"
        elif verdict.shifted:
            some = counted(len(verdict.shifted), "pair", "pairs")
            yield f"in {some} A and B do not lie over one another"
        if verdict.strange:
            some = counted(len(verdict.strange), "pair seems", "pairs seem")
            yield f"{some} to show two different things"
    gap = describe_gap(summarize(looks))
    if gap is not None:
        yield gap


def _warn_of_twins(looks: Looks, sameness: Sameness) -> Iterator[str]:
    shared = sameness.shared
    kinds = {
        "both looked at and learned from": looked_at_later(looks, sameness.leaks)[0],
        "in both A and B": np.where(looks.sides[shared.first] == 0, shared.first, shared.second),
        "(nearly) the same as another": sameness.copies.second,
    }
    for words, images in kinds.items():
        if len(images):
            names = sorted({looks.entries[owner].name for owner in looks.owners[images]})
            some = counted(len(names), "photo is", "photos are")
            yield f"{some} {words}, such as {names[0]}"
