"""Examine a data set: look at all of it, think about it, and say what was found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from translate.doctor.cache import USUAL, Cache
from translate.doctor.domains import Separation, load_extractor, separate
from translate.doctor.entries import DataSet
from translate.doctor.findings.finding import WEIGHTS, Finding, Weight
from translate.doctor.findings.of_domains import about_domains
from translate.doctor.findings.of_files import about_files
from translate.doctor.findings.of_pairs import about_pairs
from translate.doctor.findings.of_sameness import about_sameness
from translate.doctor.findings.of_views import about_views
from translate.doctor.looking import Looks, Manner, Show, look
from translate.doctor.pairs import Verdict, judge_pairs
from translate.doctor.summing import Summary, summarize
from translate.doctor.twins import Sameness, find_sameness
from translate.errors import DataError
from translate.machine import cache_file, usable_cores


@dataclass(frozen=True)
class Wishes:
    """How a data set is examined.

    Attributes:
        crop_px: Side of the squares that training cuts out: smaller photos are told.
        sample: Photos of each domain that are looked at by a network, to tell the domains apart.
        seed: Which these are.
        workers: Photos opened at the same time; None: as many as there are cores.
        cache: Where facts are remembered; None: among the user's caches.
        is_cached: Whether they are remembered at all.
    """

    crop_px: int = 256
    sample: int = 500
    seed: int = 0
    workers: int | None = None
    cache: Path | None = None
    is_cached: bool = True


@dataclass(frozen=True)
class Diagnosis:
    """What was found out about a data set.

    Attributes:
        data: What was found in its folders.
        looks: What was seen of its photos.
        findings: The serious ones first.
        summaries: Of each domain that has photos.
        sameness: Which photos are one.
        verdict: What the edges say of pairs; None: there are none.
        separation: How well domains are told apart; None: not looked at.
        remark: Why they were not looked at; "" if they were.
    """

    data: DataSet
    looks: Looks
    findings: tuple[Finding, ...]
    summaries: Mapping[str, Summary]
    sameness: Sameness
    verdict: Verdict | None
    separation: Separation | None
    remark: str

    @property
    def is_serious(self) -> bool:
        """Whether anything was found that spoils a training or its measurement."""
        return any(finding.weight == "serious" for finding in self.findings)

    def of(self, weight: Weight) -> list[Finding]:
        """List the findings of one weight."""
        return [finding for finding in self.findings if finding.weight == weight]


def examine(data: DataSet, wishes: Wishes, show: Show = lambda step: None) -> Diagnosis:
    """Look at every photo of a data set once, and say what was found.

    Args:
        show: Called after each photo or pair, with how far it is.

    Raises:
        ConfigError: The cache that was named cannot be used.
        DataError: None of the photos can be used.
    """
    extract, remark = None, ""
    if data.domains == "ab":
        remark = "how separable the domains are, because --sample is 0"
        if wishes.sample:
            extract, remark = load_extractor()
    file = (wishes.cache or cache_file(USUAL)) if wishes.is_cached else None
    workers = wishes.workers or usable_cores()
    manner = Manner(workers, extract, wishes.sample, seed=wishes.seed)
    with Cache(file, is_named=wishes.cache is not None) as cache:
        looks = look(data.entries, cache, manner, show)
    if not looks.entries:
        fault = looks.faulty[0]
        raise DataError(
            f"{data.title}: none of its {len(looks.faulty):,} photos can be used. The first: "
            f"{fault.name} {fault.reason}."
        )
    return _think(data, looks, wishes, remark)


def _think(data: DataSet, looks: Looks, wishes: Wishes, remark: str) -> Diagnosis:
    sameness, verdict, summaries = find_sameness(looks), judge_pairs(looks), summarize(looks)
    separation = separate(looks, wishes.seed) if looks.features else None
    if not remark and separation is None and data.domains == "ab":
        remark = "how separable the domains are, because there are too few photos of one of them"

    def tell() -> Iterator[Finding]:
        yield from about_files(data, looks)
        yield from about_sameness(looks, sameness)
        if verdict is not None:
            yield from about_pairs(looks, verdict)
        yield from about_views(looks, summaries, wishes.crop_px)
        if separation is not None:
            yield from about_domains(looks, separation)

    findings = sorted(tell(), key=lambda finding: WEIGHTS.index(finding.weight))
    return Diagnosis(data, looks, tuple(findings), summaries, sameness, verdict, separation, remark)
