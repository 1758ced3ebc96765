import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.evaluation_toys import TinyEye, bundle_of, drawn
from tests.folder_toys import every_file_in
from tests.toys import write_data_set, write_photos
from translate.bundle import save_bundle
from translate.cli import DONE, REFUSED, main
from translate.evaluation import features, inception, sets
from translate.evaluation.features import FeatureExtractor
from translate.evaluation.results import read_evaluation

ROOT = Path(__file__).parents[2]
SETS = {"kid", "fid", "precision", "recall", "diversity"}


@pytest.fixture(autouse=True)
def _quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the network that takes seconds, nor the user's own folder."""
    monkeypatch.setattr(features, "FeatureExtractor", lambda device: TinyEye())
    monkeypatch.setattr(sets, "FRECHET_RESAMPLES", 5)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    save_bundle(bundle_of(a_to_b=drawn(seed=1), b_to_a=drawn(seed=2)), tmp_path / "bundle")
    return str(tmp_path / "bundle")


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(write_data_set(tmp_path / "data"))


def evaluate(bundle: str, data: str, *words: object) -> int:
    return main(["evaluate", "--model", bundle, "--data", data, *map(str, words)])


def measures(file: str = "x.json") -> set[str]:
    rows = read_evaluation(Path(file)).rows
    return {row.measure for row in rows if row.way == "translation"}


def contents(folder: str) -> dict[str, tuple[bytes, int]]:
    files = (Path(folder) / name for name in every_file_in(Path(folder)))
    return {str(file): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


def test_a_table_is_printed_with_the_protocol_beside_it(
    bundle: str, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(bundle, data) == DONE

    said = capsys.readouterr()
    tables = said.out.split("\n\n")
    assert [table.splitlines()[0].split(" | ")[0] for table in tables] == ["| a_to_b", "| b_to_a"]
    assert "| KID x1000 | FID | precision |" in tables[0]
    assert "set_features: tiny eye\n" in said.err
    assert "seed: 0\n" in said.err
    assert "view: shorter side resized to 16 px" in said.err  # the model's training side
    assert said.err.isprintable() or "\r" not in said.err  # no progress where no terminal is


def test_all_of_it_is_written_whole_and_the_data_stay_as_they_were(
    bundle: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(data), contents(bundle)

    assert evaluate(bundle, data, "--json", "deep/x.json") == DONE

    assert (contents(data), contents(bundle)) == before
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["x.json"]
    found = read_evaluation(tmp_path / "deep" / "x.json")
    assert capsys.readouterr().out == found.to_markdown() + "\n"
    assert (found.subject["model"], found.subject["data"]) == (bundle, data)
    assert found.subject["fingerprints"].keys() == {"a_to_b", "b_to_a"}


def test_features_are_remembered_in_the_users_cache_or_where_it_was_said(
    bundle: str, data: str, tmp_path: Path
) -> None:
    evaluate(bundle, data)
    evaluate(bundle, data, "--cache", "own.sqlite")

    usual = tmp_path / "cache" / "photo-translate" / "features.sqlite"
    assert usual.is_file()
    assert (tmp_path / "own.sqlite").is_file()


def test_every_wish_reaches_the_evaluation(bundle: str, data: str) -> None:
    words = ["--direction", "b_to_a", "--side-px", "20", "--most-photos", "3", "--seed", "7"]

    assert evaluate(bundle, data, *words, "--device", "cpu", "--json", "x.json") == DONE

    found = read_evaluation(Path("x.json"))
    assert {row.direction for row in found.rows} == {"b_to_a"}
    assert found.protocol["side_px"] == 20
    assert found.protocol["seed"] == 7
    assert found.protocol["counts"]["b_to_a"]["translated"] == 3
    assert not found.protocol["paired"]
    assert measures() == SETS | {"structure", "luminance"}


def test_pairs_are_asked_for_by_a_flag(bundle: str, data: str) -> None:
    assert evaluate(bundle, data, "--paired", "--json", "x.json") == DONE

    assert read_evaluation(Path("x.json")).protocol["paired"]
    assert measures() > SETS | {"l1", "psnr", "ssim", "perceptual"}


def test_side_by_side_files_are_pairs_without_asking(bundle: str, tmp_path: Path) -> None:
    write_photos(tmp_path / "pairs" / "test", side_px=40)

    assert evaluate(bundle, "pairs", "--json", "x.json") == DONE

    assert "ssim" in measures()


def test_earlier_evaluations_of_the_same_protocol_stand_beside_it(
    bundle: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_bundle(bundle_of(a_to_b=drawn(seed=3), b_to_a=drawn(seed=4)), tmp_path / "other")
    evaluate("other", data, "--json", "old.json")
    evaluate("other", data, "--json", "pipe|ed.json")
    capsys.readouterr()

    code = evaluate(bundle, data, "--against", "old.json", "pipe|ed.json", "--json", "new.json")

    assert code == DONE
    said = capsys.readouterr().out
    assert "\n| translation (old.json) |" in said
    assert "\n| translation (pipe\\|ed.json) |" in said
    new, old = (read_evaluation(Path(name)) for name in ("new.json", "old.json"))
    assert new.get("a_to_b", "translation (old.json)", "kid") == old.get(
        "a_to_b", "translation", "kid"
    )


def test_evaluations_of_another_protocol_are_refused_by_what_differs(
    bundle: str, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(bundle, data, "--json", "old.json", "--side-px", "20")
    capsys.readouterr()

    assert evaluate(bundle, data, "--against", "old.json", "--json", "new.json") == REFUSED

    said = capsys.readouterr()
    assert "error: this evaluation and old.json were measured by different protocols" in said.err
    assert "side_px: 16 against 20" in said.err
    assert said.out == ""
    assert not Path("new.json").exists()


SENTENCE = 'are left out: they need pip install "photo-translate[metrics]".'


def lose_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "FeatureExtractor", FeatureExtractor)
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)


def test_without_the_extra_pixels_alone_are_measured_which_is_said(
    bundle: str,
    data: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lose_metrics(monkeypatch)

    assert evaluate(bundle, data, "--paired", "--json", "x.json") == DONE

    assert measures() == {"l1", "psnr", "ssim", "luminance"}
    assert SENTENCE in capsys.readouterr().err
    assert read_evaluation(Path("x.json")).protocol["set_features"] is None


@pytest.mark.parametrize("extractor", ["efficientnet", "inception"])
def test_without_the_extra_what_was_asked_for_by_name_is_refused(
    bundle: str,
    data: str,
    extractor: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lose_metrics(monkeypatch)

    assert evaluate(bundle, data, "--extractor", extractor) == REFUSED

    assert 'pip install "photo-translate[metrics]"' in capsys.readouterr().err


def test_extractors_can_be_left_out(
    bundle: str, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(bundle, data, "--extractor", "none", "--json", "x.json") == DONE

    assert measures() == {"luminance"}
    assert SENTENCE not in capsys.readouterr().err


def test_inception_is_given_its_weights_and_the_users_cache(
    bundle: str, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def extractor(*given: Any) -> TinyEye:
        asked.append(given)
        return TinyEye("inception")

    monkeypatch.setattr(inception, "InceptionExtractor", extractor)
    words = ["--extractor", "inception", "--device", "cpu", "--json", "x.json"]

    assert evaluate(bundle, data, *words, "--weights", "w.pth") == DONE
    assert evaluate(bundle, data, *words) == DONE

    cache = tmp_path / "cache" / "photo-translate" / "inception"
    assert asked == [
        (Path("w.pth"), torch.device("cpu"), cache),
        (None, torch.device("cpu"), cache),
    ]
    protocol = read_evaluation(Path("x.json")).protocol
    assert protocol["set_features"] == "inception"
    assert protocol["structure_and_perceptual_features"] == "tiny eye"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "nowhere"], "error: nowhere"),
        (["--data", "nowhere"], "error: nowhere: there is no such folder"),
        (["--data", "bundle"], "expected held-out photos in testA and testB"),
        (["--data", "few"], "expected at least 2 held-out photos of each domain, found 1"),
        (["--model", "one_way", "--direction", "b_to_a"], "no direction 'b_to_a'"),
        (["--against", "no.json"], "no.json: cannot be read"),
        (["--against", "bundle/model.json"], "model.json: is no evaluation of photo-translate"),
        (["--extractor", "inception", "--weights", "no.pth"], "no.pth: there is no such file"),
        (["--device", "abacus"], "no device 'abacus'"),
        (["--cache", "data"], "data: is a folder, expected a file to remember features in"),
        (["--json", "data"], "--json: data is a folder"),
        (["--json", "data/testA/000.png"], "has the name of a photo, which it would replace"),
    ],
)
def test_what_cannot_be_measured_is_one_message_and_exit_code_2(
    words: list[str],
    message: str,
    bundle: str,
    data: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save_bundle(bundle_of(a_to_b=drawn()), tmp_path / "one_way")
    for name in ("testA", "testB"):
        write_photos(tmp_path / "few" / name, count=1)
    named = dict(zip(words[::2], words[1::2], strict=True))
    before = contents(data)

    code = main(
        [
            "evaluate",
            *(w for pair in ({"--model": bundle, "--data": data} | named).items() for w in pair),
        ]
    )

    said = capsys.readouterr()
    assert code == REFUSED
    assert said.err.startswith("error: ")
    assert message in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert contents(data) == before


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--model", "x"],
        ["--model", "x", "--data", "y", "--side-px", "0"],
        ["--model", "x", "--data", "y", "--most-photos", "1"],
        ["--model", "x", "--data", "y", "--seed", "-1"],
        ["--model", "x", "--data", "y", "--direction", "up"],
        ["--model", "x", "--data", "y", "--extractor", "eye"],
        ["--model", "x", "--data", "y", "--no-such-flag"],
    ],
)
def test_words_that_make_no_sense_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", *words])

    assert stopped.value.code == REFUSED
    assert capsys.readouterr().err


def test_a_file_that_cannot_be_written_costs_no_table(
    bundle: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way of a folder")

    assert evaluate(bundle, data, "--json", "file/x.json") == REFUSED

    said = capsys.readouterr()
    assert "| a_to_b |" in said.out
    assert "error: file/x.json: could not be written" in said.err


def test_on_a_terminal_progress_is_one_line(
    bundle: str,
    data: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    evaluate(bundle, data)

    said = capsys.readouterr().err
    assert said.startswith("\rsummer to winter: 0 of 4 photos\rsummer to winter: 4 of 4 photos\n")


def test_names_that_are_no_text_do_no_harm(
    bundle: str, data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = os.fsdecode(b"caf\xe9\x1b[2J.json")
    evaluate(bundle, data, "--json", name)

    assert evaluate(bundle, data, "--against", name, "--json", "new.json") == DONE

    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    again = read_evaluation(Path("new.json"))
    assert f"translation ({name})" in {row.way for row in again.rows}


def test_help_names_every_flag_with_its_meaning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", "--help"])

    said = capsys.readouterr().out
    assert stopped.value.code == DONE
    for flag in ("model", "data", "direction", "side-px", "paired", "extractor", "weights"):
        assert f"--{flag}" in said
    for flag in ("most-photos", "seed", "json", "against", "cache", "device"):
        assert f"--{flag}" in said
    assert "exact answers" in said
    assert "usage: photo-translate evaluate" in said


@pytest.mark.slow
def test_the_script_is_the_same_door(bundle: str, data: str, tmp_path: Path) -> None:
    """With the packaged network, as the README says."""
    before = contents(data)
    command = [sys.executable, ROOT / "scripts" / "evaluate.py", "--model", bundle, "--data", data]

    done = subprocess.run(
        [*map(str, command), "--json", "out.json"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == read_evaluation(Path("out.json")).to_markdown() + "\n"
    assert json.loads(Path("out.json").read_text())["subject"]["model"] == bundle
    assert contents(data) == before
    assert every_file_in(tmp_path / "cache") == ["photo-translate/features.sqlite"]
