import json

from translate.inference.folder import Failure, FolderReport, Ignored, Note


def make() -> FolderReport:
    return FolderReport(
        done=["a.png", "\udce9.png"],
        failed=[Failure("b.png", "is empty")],
        ignored=[Ignored("c.txt", "not a photo")],
        notes=[Note("a.png", "the first of 3 frames")],
        remarks=["Memory ran out."],
        megapixels=6.0,
        seconds=4.0,
    )


def test_survives_json_with_names_of_any_bytes() -> None:
    text = make().to_json()

    assert FolderReport.from_json(text) == make()
    assert text.isascii()


def test_rates_and_names_are_written_for_machines() -> None:
    written = json.loads(make().to_json())

    assert written["images_per_second"] == 0.5
    assert written["megapixels_per_second"] == 1.5
    assert written["failed"] == [{"file": "b.png", "reason": "is empty"}]
    assert written["is_complete"] is False


def test_nothing_done_is_no_rate() -> None:
    assert FolderReport().images_per_second == FolderReport().megapixels_per_second == 0.0
    assert FolderReport().is_complete


def test_what_several_processes_did_adds_up() -> None:
    report = FolderReport(
        done=["b"], remarks=["Memory ran out."], megapixels=1.0, seconds=9.0, not_attempted=2
    )

    report.add(make())

    assert report.done == ["a.png", "b", "\udce9.png"]
    assert report.remarks == ["Memory ran out."]
    assert (report.megapixels, report.seconds, report.not_attempted) == (7.0, 9.0, 2)
