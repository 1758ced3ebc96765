"""Bars of several things in one picture, such as the histograms of two domains."""

from collections.abc import Iterator, Mapping, Sequence

from translate.pages.charts import COLOURS, legend
from translate.pages.markup import Html, escaped
from translate.pages.tables import figure

AXIS_LABELS = 6  # as many as fit a phone
ROOM = 0.9  # of the width over a label, which the bars of all series share


def bars(title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]) -> Html:
    """Draw values as bars, those of all series beside one another over each label.

    Args:
        labels: What the bars stand over, such as the bins of a histogram.
        series: Name -> values from 0, one for each label.
    """
    for name, values in series.items():
        if len(values) != len(labels):
            raise ValueError(f"{name!r} has {len(values)} values for {len(labels)} labels")
    most = max((value for values in series.values() for value in values), default=0.0) or 1.0
    label = escaped(f"{title}: {', '.join(series)}")
    return Html(
        f'<figure class="bars"><figcaption>{escaped(title)}</figcaption>'
        f'<div class="field"><div class="levels">{_levels(most)}</div>'
        f'<svg viewBox="0 0 {max(len(labels), 1)} 1" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">{"".join(_shapes(labels, series, most))}</svg></div>'
        f'{_axis(labels)}<div class="below">{legend(list(series), can_toggle=False)}</div></figure>'
    )


def _shapes(
    labels: Sequence[str], series: Mapping[str, Sequence[float]], most: float
) -> Iterator[str]:
    width = ROOM / max(len(series), 1)
    for index, (name, values) in enumerate(series.items()):
        for place, (label, value) in enumerate(zip(labels, values, strict=True)):
            left = place + (1 - ROOM) / 2 + index * width
            height = max(value / most, 0.0)
            yield (
                f'<rect class="fill-{index % COLOURS}" x="{left:.4f}" y="{1 - height:.5f}" '
                f'width="{width:.4f}" height="{height:.5f}">'
                f"<title>{escaped(f'{name}, {label}: {figure(value)}')}</title></rect>"
            )


def _levels(most: float) -> str:
    return "".join(
        f'<span style="bottom:{share * 100:g}%">{figure(share * most)}</span>'
        for share in (0.0, 0.5, 1.0)
    )


def _axis(labels: Sequence[str]) -> str:
    stride = max(1, -(-len(labels) // AXIS_LABELS))
    width = 100 * stride / max(len(labels), 1)
    spans = (
        f'<span style="left:{100 * (place + 0.5) / len(labels):.3f}%;max-width:{width:.2f}%">'
        f"{escaped(labels[place])}</span>"
        for place in range(0, len(labels), stride)
    )
    return f'<div class="axis">{"".join(spans)}</div>'
