"""Which pairs do not lie over one another, and which show two different things?"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from translate.doctor.agreeing import (
    IN_PLACE,
    LEAST_SHIFT,
    meet_strangers,
    share_better,
    share_in_place,
)
from translate.doctor.alignment import VIEW_PX
from translate.doctor.looking import Looks

# Measured on the paired sets of satellites, webcams, facades and shoes, and on the same ones
# shifted: of facades, whose windows repeat, 1 in 200 passes; of shifted pairs one third to nearly
# all, by how clear their edges are.
LEAST_LEAD = 0.33  # of the best agreement: what all other shifts must stay below it
MOST_IN_PLACE = 0.5  # of the best agreement: what is left where the images lie now
LUCK = 0.99  # quantile of what strangers reach at their best
LUCK_UNKNOWN = 0.25  # what stands for it where there are too few strangers
FEWEST = 8  # pairs: from fewer nothing is learned about what is usual
TELLING = 0.65  # share of comparisons that partners win against strangers; chance wins 0.5
FAR_BELOW = 4.0  # times the lower spread below what is usual


@dataclass(frozen=True)
class Verdict:
    """What the edges say of the pairs of a data set.

    Attributes:
        shifted: Numbers of entries whose images do not lie over one another.
        strange: Numbers of entries whose images seem to show different things.
        common_shift: Right and down, in pixels, where most pairs are shifted alike; else None.
        better: How often partners agree better than strangers; None: too few pairs to tell.
        in_place: The share of pairs that fit best as they lie.
        usual: The median of the best agreement of partners, and of strangers (None: too few).
    """

    shifted: list[int]
    strange: list[int]
    common_shift: tuple[float, float] | None
    better: float | None
    in_place: float
    usual: tuple[float, float | None]

    @property
    def tells(self) -> bool:
        """Whether edges say anything in this data set."""
        return self.better is None or self.better >= TELLING or self.in_place >= IN_PLACE


def judge_pairs(looks: Looks) -> Verdict | None:
    """Judge all pairs by what is usual among them, and by what strangers reach; None: no pairs."""
    places = np.flatnonzero(np.isfinite(looks.agreements[:, 0]))
    if not len(places):
        return None
    in_place, best, rival, right, down = looks.agreements[places].T
    strangers = meet_strangers(list(looks.edges.values()))
    are_enough = len(strangers) >= FEWEST
    better = share_better(best, strangers) if are_enough else None
    luck = float(np.quantile(strangers, LUCK)) if are_enough else LUCK_UNKNOWN
    usual = (
        float(np.median(best)),
        float(np.median(strangers)) if len(strangers) else None,
    )
    scale = VIEW_PX / np.maximum(VIEW_PX, _longest(looks)[places])
    shift = np.stack([right, down], axis=1) * scale[:, None]
    verdict = Verdict([], [], None, better, share_in_place(shift), usual)
    if not verdict.tells:
        return verdict
    is_far = np.abs(shift).max(axis=1) >= LEAST_SHIFT
    is_clear = (best > luck) & (best - rival >= LEAST_LEAD * best)
    is_shifted = is_far & is_clear & (in_place <= MOST_IN_PLACE * best)
    is_strange = _far_below_usual(best, luck) & ~is_shifted
    common = _common_shift(shift, best > luck)
    if common is not None:
        common = common[0] / float(scale.mean()), common[1] / float(scale.mean())
    order = np.argsort(-np.abs(shift).max(axis=1), kind="stable")
    weakest = np.argsort(best, kind="stable")
    return replace(
        verdict,
        shifted=[int(places[i]) for i in order if is_shifted[i]],
        strange=[int(places[i]) for i in weakest if is_strange[i]],
        common_shift=common,
    )


def _longest(looks: Looks) -> npt.NDArray[np.float64]:
    """The longest side of the (first) image of each entry, in pixels."""
    sides = np.maximum(looks.facts["width"], looks.facts["height"]).astype(np.float64)
    firsts = np.flatnonzero(np.diff(looks.owners, prepend=-1) > 0)
    longest: npt.NDArray[np.float64] = sides[firsts]
    return longest


def _far_below_usual(best: npt.NDArray[np.float64], luck: float) -> npt.NDArray[np.bool_]:
    """Say which pairs agree as little as strangers do, where that is far below what is usual."""
    if len(best) < FEWEST:
        return np.zeros(len(best), bool)
    low, middle = np.quantile(best, [0.16, 0.5])  # one standard deviation, if it were normal
    is_far: npt.NDArray[np.bool_] = (best <= luck) & (best < middle - FAR_BELOW * (middle - low))
    return is_far


def _common_shift(
    shift: npt.NDArray[np.float64], is_clear: npt.NDArray[np.bool_]
) -> tuple[float, float] | None:
    """Find the shift that most pairs have, if they have one."""
    clear = shift[is_clear]
    if len(clear) < FEWEST:
        return None
    middle = np.median(clear, axis=0)
    alike = (np.abs(clear - middle) <= 1).all(axis=1).mean()
    if alike <= 0.5 or np.abs(middle).max() < LEAST_SHIFT:
        return None
    return float(middle[0]), float(middle[1])
