"""What was found, in lines for people and in JSON for machines."""

import json
from collections.abc import Iterator
from typing import Any

from translate.doctor.entries import describe_counts
from translate.doctor.examining import Diagnosis
from translate.doctor.facts import CHANNELS
from translate.doctor.findings.finding import WEIGHTS, Finding
from translate.doctor.separating import Accuracy
from translate.doctor.summing import Summary
from translate.version import __version__

FORMAT = 1


def tell(diagnosis: Diagnosis) -> Iterator[str]:
    """Tell what was found, line by line: first what there is, then findings with advice."""
    data = diagnosis.data
    yield f"{data.title}: {describe_counts(diagnosis.looks.entries)} ({data.layout})"
    if not diagnosis.findings:
        yield "nothing to be said against it"
    for finding in diagnosis.findings:
        yield f"{finding.weight}: {finding.title}."
        yield f"  {finding.advice}"
    if diagnosis.remark:
        yield f"not looked at: {diagnosis.remark}."


def to_json(diagnosis: Diagnosis) -> str:
    """Write everything that was found, in ASCII: names of any bytes come back by JSON's escapes."""
    data, separation = diagnosis.data, diagnosis.separation
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": __version__,
        "title": data.title,
        "folders": [str(folder) for folder in data.folders],
        "layout": data.layout,
        "photos_and_pairs": len(diagnosis.looks.entries),
        "is_serious": diagnosis.is_serious,
        "counts": {w: len(diagnosis.of(w)) for w in WEIGHTS},
        "domains": {name: _summary(s) for name, s in diagnosis.summaries.items()},
        "separation": None,
        "findings": [_finding(finding) for finding in diagnosis.findings],
    }
    if separation is not None:
        content["separation"] = {
            "by_features": _accuracy(separation.by_features),
            "by_brightness": _accuracy(separation.by_brightness),
            "looked_at": list(separation.counts),
        }
    elif diagnosis.remark:
        content["not_looked_at"] = diagnosis.remark
    return json.dumps(content, indent=1) + "\n"


def _summary(summary: Summary) -> dict[str, Any]:
    return {
        "images": summary.count,
        "width": list(summary.width),
        "height": list(summary.height),
        "shorter_side": list(summary.shorter),
        "aspect": [round(value, 4) for value in summary.aspect],
        **{
            name: round(float(getattr(summary, name)), 5)
            for name in ("brightness", "contrast", "colour", "black", "white")
        },
        "levels": {
            name: [round(float(share), 5) for share in shares]
            for name, shares in zip(CHANNELS, summary.levels, strict=True)
        },
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "weight": finding.weight,
        "title": finding.title,
        "advice": finding.advice,
        "count": finding.count,
        "items": [
            {"names": list(item.names), "words": item.words, **item.numbers}
            for item in finding.items
        ],
    }


def _accuracy(accuracy: Accuracy) -> list[float]:
    return [round(value, 4) for value in (accuracy.value, accuracy.low, accuracy.high)]
