"""What an evaluation found, how it was measured, and which others it may be compared with."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from translate.errors import DataError
from translate.evaluation.bootstrap import Estimate
from translate.printing import printable

FORMAT = 1
# What comes of reading something else; of whole numbers of hundreds of digits, of endless nesting.
NOT_OURS = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
TRANSLATION = "translation"  # the way whose name is the model's own; the others are baselines


class Scale(NamedTuple):
    """How a measure is read."""

    title: str
    is_higher_better: bool | None  # None: nearer to 1 is better
    digits: int


MEASURES: dict[str, Scale] = {
    "kid": Scale("KID x1000", False, 1),
    "fid": Scale("FID", False, 1),
    "precision": Scale("precision", True, 2),
    "recall": Scale("recall", True, 2),
    "diversity": Scale("diversity", None, 2),
    "l1": Scale("L1", False, 4),
    "psnr": Scale("PSNR (dB)", True, 2),
    "ssim": Scale("SSIM", True, 3),
    "perceptual": Scale("perceptual", False, 3),
    "structure": Scale("structure lost", False, 3),
    "luminance": Scale("luminance", True, 2),
}


class Row(NamedTuple):
    """One measured number: of one way to translate, in one direction."""

    direction: str
    way: str
    measure: str  # a key of `MEASURES`
    value: float
    low: float
    high: float

    @property
    def estimate(self) -> Estimate:
        """The number with its interval."""
        return Estimate(self.value, self.low, self.high)


@dataclass(frozen=True)
class Evaluation:
    """Numbers, and the protocol they were measured by.

    Attributes:
        protocol: All that two evaluations must share for their numbers to be compared; plain JSON.
        subject: What was measured: the model, the folder.
        rows: In the order in which they are shown.
    """

    protocol: Mapping[str, Any]
    subject: Mapping[str, Any]
    rows: Sequence[Row]

    def get(self, direction: str, way: str, measure: str) -> Estimate:
        """Find one number.

        Raises:
            KeyError: It was not measured.
        """
        for row in self.rows:
            if row[:3] == (direction, way, measure):
                return row.estimate
        raise KeyError((direction, way, measure))

    def beside(self, others: Mapping[str, "Evaluation"]) -> "Evaluation":
        """Add the translations of other models, under their names.

        Raises:
            DataError: They were measured in another way.
        """
        expect_comparable({"this evaluation": self, **others})
        rows = [
            row._replace(way=f"{row.way} ({name})")
            for name, other in others.items()
            for row in other.rows
            if row.way == TRANSLATION
        ]
        return Evaluation(self.protocol, self.subject, [*self.rows, *rows])

    def to_json(self) -> str:
        """Write it all; what is not finite becomes null, for JSON knows no NaN."""
        rows = [
            {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in d.items()}
            for d in (row._asdict() for row in self.rows)
        ]
        values = {
            "format": FORMAT,
            "subject": dict(self.subject),
            "protocol": dict(self.protocol),
            "rows": rows,
        }
        text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
        # Names of files may hold bytes that are no text: JSON has a way to write them, UTF-8 none.
        return text.encode(errors="backslashreplace").decode()

    def to_markdown(self) -> str:
        """Write a table for each direction: ways as rows, measures as columns, with intervals."""
        parts = []
        for direction in dict.fromkeys(row.direction for row in self.rows):
            rows = [row for row in self.rows if row.direction == direction]
            measures = [m for m in MEASURES if any(row.measure == m for row in rows)]
            found = {(row.way, row.measure): row.estimate for row in rows}
            lines = [
                f"| {_cell(direction)} | " + " | ".join(MEASURES[m].title for m in measures) + " |",
                "| --- |" + " ---: |" * len(measures),
            ]
            for way in dict.fromkeys(row.way for row in rows):
                cells = [in_words(found.get((way, m)), MEASURES[m].digits) for m in measures]
                lines.append(f"| {_cell(way)} | " + " | ".join(cells) + " |")
            parts.append("\n".join(lines))
        return "\n\n".join(parts)


def _cell(text: str) -> str:
    """Keep a name, which may be that of a file, from breaking the table or moving the cursor."""
    return printable(text).replace("|", "\\|")


def in_words(estimate: Estimate | None, digits: int) -> str:
    """Write a number with its interval: `72.8 (65.0 to 81.2)`."""
    if estimate is None or math.isnan(estimate.value):
        return ""
    if math.isnan(estimate.low) or estimate.low == estimate.high:
        return f"{estimate.value:.{digits}f}"
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def read_evaluation(file: Path) -> Evaluation:
    """Read what `to_json` wrote.

    Raises:
        DataError: It is none, or of a newer version.
    """
    try:
        values = json.loads(file.read_bytes())
        if values["format"] != FORMAT:
            raise DataError(
                f"{file}: is an evaluation of format {values['format']}, expected {FORMAT}. "
                "Update photo-translate, or evaluate again."
            )
        rows = [_row(row) for row in values["rows"]]
        return Evaluation(dict(values["protocol"]), dict(values["subject"]), rows)
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}).") from error
    except NOT_OURS as error:
        raise DataError(
            f"{file}: is no evaluation of photo-translate ({error!r}). Name a file that "
            "photo-translate evaluate wrote with --json."
        ) from error


def _row(values: Mapping[str, Any]) -> Row:
    direction, way, measure = (str(values[key]) for key in ("direction", "way", "measure"))
    value, low, high = (
        math.nan if values[key] is None else float(values[key]) for key in ("value", "low", "high")
    )
    return Row(direction, way, measure, value, low, high)


def differences(first: Evaluation, second: Evaluation) -> list[str]:
    """List what two evaluations were measured by differently: `side_px: 64 against 256`."""
    return differing(first.protocol, second.protocol)


def differing(
    first: Mapping[str, Any], second: Mapping[str, Any], absent: object = None
) -> list[str]:
    """List in what two protocols differ.

    Args:
        absent: What to write where one of them says nothing.
    """
    return [
        f"{key}: {first.get(key, absent)} against {second.get(key, absent)}"
        for key in dict.fromkeys([*first, *second])
        if first.get(key) != second.get(key)
    ]


def expect_comparable(evaluations: Mapping[str, Evaluation]) -> None:
    """Refuse to compare what was measured in different ways.

    Args:
        evaluations: What people call them -> evaluation.

    Raises:
        DataError: Naming two, and what differs.
    """
    names = list(evaluations)
    for name in names[1:]:
        found = differences(evaluations[names[0]], evaluations[name])
        if found:
            listed = "\n".join(f"  {difference}" for difference in found)
            raise DataError(
                f"{names[0]} and {name} were measured by different protocols, so their numbers do "
                f"not compare:\n{listed}\nEvaluate one of them again as the other was."
            )
