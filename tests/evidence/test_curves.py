import json
import re
from pathlib import Path
from typing import Any

from tests.run_toys import ALARM, journal_lines
from translate.evidence.curves import alarm_marks, curves, measurements, overlaid
from translate.evidence.journal_lines import JournalLines, read_lines


def journal(folder: Path, *more: dict[str, Any], name: str = "x", speed: float = 8) -> JournalLines:
    lines = [*journal_lines(speed=speed), *more]
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return read_lines(folder / name)


def charts(made: str) -> dict[str, Any]:
    """Title -> what the chart carries."""
    found = re.findall(
        r'<figure class="chart"><figcaption>(.*?)</figcaption>.*?json">(.*?)</script>', made
    )
    return {title: json.loads(data) for title, data in found}


def lines(chart: Any) -> list[str]:
    return [line["name"] for line in chart["lines"]]


def test_what_belongs_together_is_drawn_in_one_picture(tmp_path: Path) -> None:
    drawn = charts(curves(journal(tmp_path)))

    assert {title: lines(chart) for title, chart in drawn.items()} == {
        "Losses: generators": ["cycle_a", "adversarial_a"],
        "Losses: discriminators": ["discriminator_a"],
        "Discriminator accuracy: discriminators": ["accuracy_real_a"],
        "Gradient norms": ["generators", "discriminators"],
        "Share of updates skipped": ["generators", "discriminators"],
        "Learning rate": ["learning_rate"],
        "Images per second": ["images_per_second"],
        "Diversity": ["diversity_a_to_b"],
    }
    assert drawn["Gradient norms"]["logarithmic"]


def test_what_nobody_foresaw_is_drawn_all_the_same(tmp_path: Path) -> None:
    more = {"step": 210, "epoch": 4, "own_idea": 1.0, "health/new_a_to_b": 2.0, "{x}": 3.0}

    drawn = charts(curves(journal(tmp_path, more)))

    assert {"own_idea", "health/new_a_to_b", "{x}"} <= drawn.keys()


def test_alarms_are_marked_on_every_time_line(tmp_path: Path) -> None:
    found = journal(tmp_path, ALARM)

    drawn = charts(curves(found, alarm_marks(found.alarms)))

    mark = {"x": 60, "label": "alarm: collapse/a_to_b", "kind": "alarm"}
    assert all(chart["events"] == [mark] for chart in drawn.values())


def test_the_best_measurement_is_marked(tmp_path: Path) -> None:
    (picture,) = measurements({"snow": journal(tmp_path)})

    drawn = charts(picture)["Held-out photos: kid"]
    assert drawn["lines"] == [{"name": "kid", "points": [[60, 0.018], [120, 0.021]]}]
    assert drawn["events"] == [{"x": 60, "label": "best: 0.018 after epoch 1", "kind": "best"}]


def test_runs_are_overlaid_one_line_for_each_in_a_picture_for_each_measure(tmp_path: Path) -> None:
    runs = {
        name: journal(tmp_path, *more, name=name)
        for name, more in (("one", []), ("two", [{"step": 1, "epoch": 0, "own": 1.0}]))
    }

    drawn = charts(overlaid(runs))

    assert lines(drawn["Losses: generators: cycle_a"]) == ["one", "two"]
    assert lines(drawn["Diversity"]) == ["one", "two"]
    assert lines(drawn["own"]) == ["two"]
    (picture,) = measurements(runs)
    assert lines(charts(picture)["Held-out photos: kid"]) == ["one", "two"]
    assert "two: best: 0.018" in picture


def test_a_run_without_numbers_has_no_curves() -> None:
    assert curves(JournalLines()) == ""
    assert measurements({"x": JournalLines()}) == []
