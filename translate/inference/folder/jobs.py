"""What is to be done: which input becomes which outputs."""

from typing import NamedTuple

from translate.inference.folder.entries import Output, Stamp


class Job(NamedTuple):
    """One input and what it is to become.

    Attributes:
        name: Of the input, relative to the source.
        outputs: Relative to the target; a photo has one for each sample.
        ours: Outputs of earlier runs that nobody touched since: these may be replaced.
    """

    name: str
    outputs: tuple[str, ...]
    ours: tuple[Output, ...] = ()


class Candidate(NamedTuple):
    """An input that might have to be translated, or copied.

    Attributes:
        stamp: None where it cannot be looked at, which translating it will explain.
        identity: The number of its device and its own, which no other file has.
    """

    job: Job
    stamp: Stamp | None
    identity: tuple[int, int] | None


class Place(NamedTuple):
    """What is known of a name in the target folder."""

    bytes: int
    identity: tuple[int, int]
