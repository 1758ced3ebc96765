"""Which pairs do not lie over one another, and which show two different things?"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from translate.doctor.agreeing import (
    IN_PLACE,
    LEAST_SHIFT,
    Numbers,
    meet_strangers,
    share_better,
    share_in_place,
)
from translate.doctor.alignment import VIEW_PX
from translate.doctor.looking import Looks
from translate.doctor.near import Places

# Measured on paired sets of satellites, a webcam, facades and shoes, and on the same ones shifted:
# of 1,041 pairs that lie right none passes; of shifted ones a quarter (facades, whose windows
# repeat) to nine tenths (satellites, shoes).
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
    best = looks.agreements[places, 1]
    shifts = looks.agreements[places, 3:] * _view_scale(looks)[places, None]
    strangers = meet_strangers(list(looks.edges.values()))
    are_enough = len(strangers) >= FEWEST
    luck = float(np.quantile(strangers, LUCK)) if are_enough else LUCK_UNKNOWN
    verdict = Verdict(
        shifted=[],
        strange=[],
        common_shift=None,
        better=share_better(best, strangers) if are_enough else None,
        in_place=share_in_place(shifts),
        usual=(float(np.median(best)), float(np.median(strangers)) if len(strangers) else None),
    )
    return _name_pairs(verdict, looks, places, shifts, luck) if verdict.tells else verdict


def _name_pairs(
    verdict: Verdict, looks: Looks, places: Places, shifts: Numbers, luck: float
) -> Verdict:
    in_place, best, rival = looks.agreements[places, :3].T
    is_far = np.abs(shifts).max(axis=1) >= LEAST_SHIFT
    is_clear = (best > luck) & (best - rival >= LEAST_LEAD * best)
    is_shifted = is_far & is_clear & (in_place <= MOST_IN_PLACE * best)
    is_strange = _far_below_usual(best, luck) & ~is_shifted
    common = _common_shift(shifts, best > luck)
    if common is not None:  # told once, and not of each
        is_shifted &= np.abs(shifts - common).max(axis=1) > 1
        common = common / _view_scale(looks)[places].mean()
    farthest = np.argsort(-np.abs(shifts).max(axis=1), kind="stable")
    weakest = np.argsort(best, kind="stable")
    return replace(
        verdict,
        shifted=[int(places[i]) for i in farthest if is_shifted[i]],
        strange=[int(places[i]) for i in weakest if is_strange[i]],
        common_shift=None if common is None else (float(common[0]), float(common[1])),
    )


def _view_scale(looks: Looks) -> Numbers:
    """Tell how much smaller than the images of each entry the view of their edges is."""
    sides = np.maximum(looks.facts["width"], looks.facts["height"]).astype(np.float64)
    firsts = np.flatnonzero(np.diff(looks.owners, prepend=-1) > 0)
    scale: Numbers = VIEW_PX / np.maximum(VIEW_PX, sides[firsts])
    return scale


def _far_below_usual(best: Numbers, luck: float) -> npt.NDArray[np.bool_]:
    """Say which pairs agree as little as strangers do, where that is far below what is usual."""
    if len(best) < FEWEST:
        return np.zeros(len(best), bool)
    low, middle = np.quantile(best, [0.16, 0.5])  # one standard deviation, if it were normal
    is_far: npt.NDArray[np.bool_] = (best <= luck) & (best < middle - FAR_BELOW * (middle - low))
    return is_far


def _common_shift(shifts: Numbers, is_clear: npt.NDArray[np.bool_]) -> Numbers | None:
    """Find the shift that most pairs have, if they have one."""
    clear = shifts[is_clear]
    if len(clear) < FEWEST:
        return None
    middle: Numbers = np.median(clear, axis=0)
    alike = (np.abs(clear - middle) <= 1).all(axis=1).mean()
    return middle if alike > 0.5 and np.abs(middle).max() >= LEAST_SHIFT else None
