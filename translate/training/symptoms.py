"""What a line of the journal tells of a run's health: symptoms, and where health ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from translate.bundle.schema import DIRECTIONS


class Symptom(NamedTuple):
    """Something that a line of the journal can tell about, and whether it does."""

    name: str  # what, and where: `collapse/a_to_b`
    is_seen: bool
    lasting: int  # lines, or looks, that make it an alarm
    message: str


@dataclass(frozen=True)
class LookLimits:
    """Where health ends in the measures of a look, and how many looks make an alarm.

    Behind a limit stands what the sample recipes (CycleGAN summer2winter, Pix2Pix day2night) showed
    from step 200 on; each limit lies at least a factor of 2 beyond what they showed from step 80.
    """

    collapse_looks: int = 3
    least_diversity: float = 0.15  # 0.90 at least
    inversion_looks: int = 3
    least_luminance: float = -0.5  # 0.37 at least; by chance -0.20 at step 10
    luminance_below_true: float = (
        0.5  # no alarm where the exact answers are inverted too; 0.08 at most
    )
    identity_looks: int = 10  # where little is to be changed, much looks like identity at first
    least_change: float = 0.03  # 0.37 at least; 0.03 are 4 of 255 levels
    least_change_of_true: float = 0.2  # 0.95 at least, as a share of the exact answers' change
    hiding_looks: int = 3
    most_hidden: float = 0.1  # 0.001 at most; honest sharpening may lose a few times the noise
    most_hidden_of_returned: float = 2.0  # 0.01 at most, as a share of the error without noise


LOOK_LIMITS = LookLimits()


@dataclass(frozen=True)
class Limits:
    """Where health ends, and how long a symptom must last to be an alarm.

    Behind a limit stands what the sample recipes (CycleGAN summer2winter, Pix2Pix day2night; lines
    of 10 to 50 steps) showed after the grace; each lies at least a factor of 2 beyond what they
    showed from their first line on.
    """

    grace_steps: int = 200  # an untrained U-Net gave one grey; it told photos apart after 80 steps
    least_steps: int = 100  # that a symptom must last, however dense lines are
    judge_lines: int = 20
    winning_accuracy: float = 0.98  # 0.87 at most, and 0.94 at first: an error of 0.06, here 0.02
    losing_accuracy: float = 0.1  # 0.62 at least, and 0.51 at first
    growth_lines: int = 10
    most_growth: float = 2.5  # 1.01 times the best at most
    growth_steps: int = 200  # over which losses are smoothed
    least_share_of_first: float = 0.1  # whatever is below that may well grow: it is small
    gradient_lines: int = 3
    most_gradient: float = 10.0  # 1.6 times the recent median at most, and 2.5 at first
    least_gradient: float = 0.01  # 0.66 times at least, and 0.13 at first
    recent_lines: int = 20  # of which the median is taken, once half of them are there
    skipped_lines: int = 3
    most_skipped: float = 0.2  # fp16 skips one update in 2000, and a bad photo one an epoch
    photos: LookLimits = LOOK_LIMITS


LIMITS = Limits()


def photo_symptoms(line: Mapping[str, float], limits: LookLimits) -> Iterator[Symptom]:
    """See what a line of the journal says about photos, if the probe has looked."""
    for way in DIRECTIONS:
        seen = {
            key.removeprefix("health/").removesuffix(f"_{way}"): value
            for key, value in line.items()
            if key.startswith("health/") and key.endswith(f"_{way}")
        }
        if "diversity" in seen:
            yield _see_collapse(way, seen, limits)
        if "luminance" in seen:
            yield _see_inversion(way, seen, limits)
        if "change" in seen:
            yield _see_identity(way, seen, limits)
        if "hidden" in seen and "returned" in seen:
            yield _see_hiding(way, seen, limits)


def _see_collapse(way: str, seen: Mapping[str, float], limits: LookLimits) -> Symptom:
    return Symptom(
        f"collapse/{way}",
        seen["diversity"] < limits.least_diversity,
        limits.collapse_looks,
        f"health/diversity_{way} {seen['diversity']:.2f}: translations of different photos are "
        "nearly the same image, so the generator looks at its photo no more. Go back to an earlier "
        "state and lower training.learning_rate; with few photos, set method.augment.",
    )


def _see_inversion(way: str, seen: Mapping[str, float], limits: LookLimits) -> Symptom:
    true = seen.get("luminance_true", 1.0)
    is_below = seen["luminance"] < true - limits.luminance_below_true
    return Symptom(
        f"colour_inversion/{way}",
        is_below and seen["luminance"] < limits.least_luminance,
        limits.inversion_looks,
        f"health/luminance_{way} {seen['luminance']:.2f}: translations are bright where photos are "
        "dark, like negatives, and seldom turn back by themselves. Start anew with another "
        "training.seed, and with a higher method.identity_weight where the method has one.",
    )


def _see_identity(way: str, seen: Mapping[str, float], limits: LookLimits) -> Symptom:
    true = seen.get("change_true")
    least = limits.least_change if true is None else limits.least_change_of_true * true
    return Symptom(
        f"identity/{way}",
        seen["change"] < least,
        limits.identity_looks,
        f"health/change_{way} {seen['change']:.3f} (2 lies between black and white): translations "
        "are their photos, so nothing is being translated. Unless the domains look alike, lower "
        "method.identity_weight and method.cycle_weight, or try another training.seed.",
    )


def _see_hiding(way: str, seen: Mapping[str, float], limits: LookLimits) -> Symptom:
    hidden, returned = seen["hidden"], seen["returned"]
    return Symptom(
        f"steganography/{way}",
        hidden > max(limits.most_hidden, limits.most_hidden_of_returned * returned),
        limits.hiding_looks,
        f"health/hidden_{way} {hidden:.3f} on top of returned {returned:.3f}: the way back fails "
        "under noise that nobody sees, so translations hide their photo in a faint pattern instead "
        "of showing it. Lower method.cycle_weight, so that what a translation cannot show need not "
        "come back.",
    )


def judge_symptoms(line: Mapping[str, float], limits: Limits) -> Iterator[Symptom]:
    """See which discriminators are always right, and which have given up."""
    for key, real in line.items():
        phase, _, measure = key.rpartition("/")
        suffix = measure.removeprefix("accuracy_real")
        fake = line.get(f"{phase}/accuracy_fake{suffix}")
        if not measure.startswith("accuracy_real") or fake is None:
            continue
        seen = f"{key} {real:.2f} and accuracy_fake{suffix} {fake:.2f} for many lines"
        worse = min(real, fake)
        yield Symptom(
            f"discriminator_wins/{phase}{suffix}",
            worse > limits.winning_accuracy,
            limits.judge_lines,
            f"{seen}: the discriminator recognises every translation, so the generator gets no "
            "usable signal from it. Make it see more (method.augment, more photos) or hold it back "
            "(method.penalty_weight, fewer method.discriminator.base_channels).",
        )
        yield Symptom(
            f"discriminator_gives_up/{phase}{suffix}",
            worse < limits.losing_accuracy,
            limits.judge_lines,
            f"{seen}: the discriminator says the same of nearly everything, so the generator "
            "learns nothing from it. Go back to an earlier state and lower training.learning_rate, "
            "or give it more method.discriminator.base_channels.",
        )


def skip_symptoms(line: Mapping[str, float], limits: Limits) -> Iterator[Symptom]:
    """See which phases skip updates again and again."""
    for key, share in line.items():
        phase, _, measure = key.rpartition("/")
        if measure == "skipped":
            yield Symptom(
                f"updates_skipped/{phase}",
                share > limits.most_skipped,
                limits.skipped_lines,
                f"{key} {share:.2f}: that share of recent updates was skipped because numbers were "
                "not finite, so little is learned. Set training.precision to bf16 or no, lower "
                "training.learning_rate, and look for photos that cannot be right.",
            )
