"""The doors, opened as a user opens them."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tests.folder_toys import files_in
from tests.toys import TINY_METHOD, tiny_cyclegan, write_data_set, write_photos
from translate import cli
from translate.bundle import Bundle, save_bundle
from translate.cli import progress, translating
from translate.cli.training import _how_to_go_on
from translate.cli.translating import parse_bytes
from translate.errors import ConfigError
from translate.images import set_pixel_limit
from translate.images.limits import DEFAULT_PIXEL_LIMIT
from translate.networks import UNetGenerator
from translate.training.journal import read_numbers

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "train_cyclegan.py"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    method = tiny_cyclegan()
    generators = {way: method.networks[name] for way, name in method.exports.items()}
    made = Bundle("cyclegan", {"a": "summer", "b": "winter"}, generators, training_side_px=16)
    save_bundle(made, tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def tiny_recipe(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    training = {"epochs": 2, "decay_epochs": 0, "workers": 0, "precision": "no", "threads": 1}
    data = {"folder": str(write_data_set(tmp_path / "photos")), "load_px": 20, "crop_px": 16}
    file.write_text(yaml.safe_dump({"method": TINY_METHOD, "data": data, "training": training}))
    return file


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("photo-translate 0.")


def test_a_folder_is_translated_and_counted(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in" / "deep", count=3)

    code = cli.main([str(tmp_path / "in"), str(tmp_path / "out"), "--model", str(bundle)])

    assert code == 0
    said = capsys.readouterr()
    assert said.out.startswith(
        f"{tmp_path / 'out'}: 3 translated, 0 skipped, 0 failed, 0 other files left out, "
    )
    assert said.out.endswith(" MP/s\n")
    assert "images/s" in said.out
    assert said.err.startswith(("cpu, ", "cuda"))  # where, in which precision, and why
    assert Image.open(tmp_path / "out" / "deep" / "001.png").size == (24, 24)


@pytest.fixture
def chancy_bundle(tmp_path: Path) -> Path:
    """A generator with batch norm and dropout, stored in the mode that has no use for dropout."""
    generators = {"a_to_b": UNetGenerator(base_channels=2, depth=6)}
    made = Bundle("pix2pix", {"a": "label", "b": "facade"}, generators, training_side_px=64)
    save_bundle(made, tmp_path / "chancy")
    return tmp_path / "chancy"


def test_several_samples_of_each_photo_are_written_and_the_seed_gives_them_again(
    tmp_path: Path, chancy_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", count=2)
    words = ["--model", str(chancy_bundle), "--mode", "paper", "--samples", "3", "--seed"]

    for seed, target in (("7", "out"), ("7", "again"), ("8", "other")):
        code = cli.main([str(tmp_path / "in"), str(tmp_path / target), *words, seed])
        assert (code, "2 translated, 0 skipped, 0 failed" in capsys.readouterr().out) == (0, True)

    names = [f"{stem}_{i}.png" for stem in ("000", "001") for i in (1, 2, 3)]
    written = [[(tmp_path / t / n).read_bytes() for n in names] for t in ("out", "again", "other")]
    assert files_in(tmp_path / "out") == names
    assert written[0] == written[1]
    assert len({*written[0], *written[2]}) == 12


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--mode dream", "There is no inference mode 'dream'. Choose one of deterministic, eval"),
        ("--samples 2", "in the mode 'deterministic' dropout is off"),
        ("--mode paper --samples 0", "Expected at least 1 sample of each photo, got 0"),
        ("--mode paper --seed -1", "Expected a seed of 0 or more, got -1"),
    ],
)
def test_samples_that_cannot_be_had_are_one_message_and_exit_code_2(
    words: str,
    message: str,
    tmp_path: Path,
    chancy_bundle: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_photos(tmp_path / "in")
    folders = [str(tmp_path / "in"), str(tmp_path / "out")]

    code = cli.main([*folders, "--model", str(chancy_bundle), *words.split()])

    said = capsys.readouterr().err
    assert code == 2
    assert said.strip().splitlines()[-1].startswith("error: ")
    assert message in said
    assert not (tmp_path / "out").exists()


def test_a_failed_photo_is_named_and_the_exit_code_is_1(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", count=2)
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no photo")

    code = cli.main([str(tmp_path / "in"), str(tmp_path / "out"), "--model", str(bundle)])

    said = capsys.readouterr()
    assert code == 1
    assert "failed: broken.jpg: " in said.err
    assert "2 translated, 0 skipped, 1 failed" in said.out


def test_at_most_twenty_failures_are_printed_and_the_report_has_all(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", count=1)
    for number in range(25):
        (tmp_path / "in" / f"bad\n{number}.jpg").write_text("no photo")
    report = tmp_path / "report.json"

    words = [str(tmp_path / "in"), str(tmp_path / "out"), "--model", str(bundle)]

    code = cli.main([*words, "--report", str(report)])

    said = capsys.readouterr().err
    assert code == 1
    assert said.count("failed: bad\\n") == 20
    assert "5 more failed; --report FILE names all." in said
    written = json.loads(report.read_text())
    assert len(written["failed"]) == 25
    assert written["done"] == ["000.png"]
    assert written["is_complete"] is False
    assert written["images_per_second"] > 0


def test_every_wish_reaches_the_folder(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_photos(tmp_path / "in", count=2)
    (tmp_path / "in" / "001.txt").write_text("0")
    words = [str(tmp_path / "in"), str(tmp_path / "out"), "--model", str(bundle)]
    words += ["--format", "jpg", "--quality", "50", "--suffix", "_night", "--batch-size", "1"]
    words += ["--copy-sidecars", "*.txt, *.json", "--max-memory", "3GiB", "--precision", "fp32"]

    assert cli.main([*words, "--dry-run"]) == 0
    assert "2 would be translated (about 0.0 MB), 0 skipped" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()
    assert cli.main(words) == 0
    assert "2 translated, 0 skipped, 0 failed, 0 other files left out, 1 sidecars copied" in (
        capsys.readouterr().out
    )
    assert files_in(tmp_path / "out") == ["000_night.jpg", "001_night.jpg", "001_night.txt"]
    assert cli.main(words) == 0
    assert "0 translated, 2 skipped" in capsys.readouterr().out


def test_a_limit_for_bombs_can_be_set(tmp_path: Path, bundle: Path) -> None:
    write_photos(tmp_path / "in", count=1, side_px=60)
    words = [str(tmp_path / "in"), str(tmp_path / "out"), "--model", str(bundle)]

    try:
        assert cli.main([*words, "--max-megapixels", "0.003"]) == 1
        assert cli.main([*words, "--max-megapixels", "0.004"]) == 0
    finally:
        set_pixel_limit(DEFAULT_PIXEL_LIMIT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3GB", 3 * 10**9), ("1.5gib", 3 * 2**29), ("2000 MB", 2 * 10**9), ("7", 7)],
)
def test_amounts_of_memory_are_read(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "much", "3 apples", "-1GB", "0GB"])
def test_what_is_no_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected an amount such as 3GB or 2000MB"):
        parse_bytes(text)


@pytest.mark.slow
@pytest.mark.parametrize(("watch", "code"), [(False, 130), (True, 0)], ids=["run", "watch"])
def test_ctrl_c_finishes_what_is_under_way_and_writes_the_report(
    tmp_path: Path, bundle: Path, watch: bool, code: int
) -> None:
    write_photos(tmp_path / "in", count=3 if watch else 2000)
    out, report = tmp_path / "out", tmp_path / "report.json"
    words = [str(tmp_path / "in"), str(out), "--model", str(bundle), "--device", "cpu"]
    words += ["--report", str(report), "--batch-size", "1", *(["--watch"] if watch else [])]
    script = str(ROOT / "scripts" / "translate_folder.py")
    process = subprocess.Popen([sys.executable, script, *words], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 100
    while not (out / "002.png").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1.0 * watch)  # until it waits
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]

    assert process.returncode == code, said
    written = json.loads(report.read_text())
    assert written["done"] == files_in(out)
    assert written["stopped"] == (None if watch else "interrupted")
    assert len(written["done"]) + written["not_attempted"] == (3 if watch else 2000)
    assert ("Stopped: interrupted" in said) is not watch


def test_a_launcher_that_ends_all_processes_does_not_cost_the_report(
    tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def summary_of(*_: object) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "summary"

    monkeypatch.setattr(translating, "summary", summary_of)
    write_photos(tmp_path / "in", 1)
    words = [str(tmp_path / "in"), str(tmp_path / "out"), "--model", str(bundle)]

    assert cli.main([*words, "--report", str(tmp_path / "report.json")]) == 0
    assert (tmp_path / "report.json").exists()


def test_a_report_that_cannot_be_written_is_one_message_after_the_summary(
    tmp_path: Path,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "in", 1)

    code = cli.main(["in", "out", "--model", str(bundle), "--report", "/dev/full"])

    said = capsys.readouterr()
    assert code == 1
    assert "out: 1 translated" in said.out
    assert "error: --report: [Errno 28] No space left on device" in said.err
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in", "out", "--model", "no_bundle"], "error: no_bundle"),
        (["in", "in/out", "--model", "BUNDLE"], "error: in/out: lies in in"),
        (["nowhere", "out", "--model", "BUNDLE"], "error: nowhere: no such folder or photo"),
        (["in", "out", "--model", "BUNDLE", "--format", "bmp"], "there is no format 'bmp'"),
        (["in", "out", "--model", "BUNDLE", "--report", "no/r.json"], "--report: no/r.json cannot"),
        (["in", "out", "--model", "BUNDLE", "--report", "r" * 300], "rrr cannot be written"),
        (["in", "out", "--model", "BUNDLE", "--report", "in/000.png"], "has the name of a photo"),
        (["in", "out", "--model", "BUNDLE", "--max-megapixels", "1e-9"], "a number above 0"),
        (["in", "out", "--model", "BUNDLE", "--max-memory", "3 apples"], "--max-memory: expected"),
        (["in", "out", "--model", "BUNDLE", "--copy-sidecars", "../*"], "'../*' is not a pattern"),
        (["in", "out", "--model", "BUNDLE", "--direction", "b"], "no direction 'b'"),
    ],
)
def test_what_cannot_start_is_one_message_and_exit_code_2(
    words: list[str],
    message: str,
    tmp_path: Path,
    bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "in")

    code = cli.main([str(bundle) if word == "BUNDLE" else word for word in words])

    assert code == 2
    assert message in capsys.readouterr().err


def test_training_with_a_bad_recipe_is_one_message_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("training: {epoch: 5}\ndata: {folder: nowhere}")

    code = cli.train("cyclegan", file, ["--training.batch-size", "0"])

    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith(f"error: {file} has 3 problems:\n")
    assert "training.epoch: unknown key. Did you mean 'epochs'?" in said
    assert "training.batch_size: must be greater than 0, got '0'" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--run-folder"], "run_folder: must be a path, got True"),
        (["--resume"], "resume: must be text, got True"),
        (["--config", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--training.epochs", "5", "--training.epochs", "6"], "--training.epochs: given twice"),
        (["5"], "'5': expected a flag"),
        (["--training.epochs"], "training.epochs: must be a whole number, got 'True'"),
        (["--training.no-epochs"], "training.epochs: must be a whole number, got 'False'"),
    ],
)
def test_words_that_make_no_sense_are_refused(
    words: list[str], message: str, tiny_recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.train("cyclegan", tiny_recipe, words) == 2
    assert message.lower() in capsys.readouterr().err.lower()


def test_help_needs_no_photos(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.train("cyclegan", ROOT / "configs" / "cyclegan_day2night.yaml", ["--help"])

    assert stopped.value.code == 0
    assert "--data.folder" in capsys.readouterr().out


def test_the_command_to_go_on_keeps_every_flag_but_where_and_what_to_resume() -> None:
    words = "--run-folder old --training.betas 0.5 0.9 --resume=x --data.no-flip"

    said = _how_to_go_on(words.split(), Path("runs/my run"))

    kept = "--training.betas 0.5 0.9 --data.no-flip"
    assert said.endswith(f"{kept} --run-folder 'runs/my run' --resume latest")


def test_many_processes_are_told_to_start_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")

    said = _how_to_go_on(["--training.epochs", "5"], Path("runs/x"))

    assert said == "Go on by starting it as before, with\n  --run-folder runs/x --resume latest"


def test_broken_photos_are_named_before_training_starts(
    tmp_path: Path, tiny_recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos" / "trainA" / "text.jpg").write_text("not a photo")
    Image.new("RGB", (8, 40)).save(tmp_path / "photos" / "trainA" / "thin.png")

    code = cli.train("cyclegan", tiny_recipe, ["--run-folder", str(tmp_path / "run")])

    said = capsys.readouterr().err
    assert code == 2
    assert "text.jpg" in said
    assert "thin.png" in said
    assert "data.skip_bad_files" in said


def test_help_lists_every_setting_with_meaning_and_default() -> None:
    said = run(SCRIPT, "--help", env={**os.environ, "COLUMNS": "200"}).stdout

    for flag in ("--config", "--run-folder", "--resume", "--method.cycle-weight", "--data.crop-px"):
        assert flag in said
    assert "times through the photos, the decaying epochs included (default: " in said
    assert "where the run lives" in said


@pytest.mark.slow
def test_accelerate_launch_trains_from_end_to_end(tmp_path: Path, tiny_recipe: Path) -> None:
    launch = ("-m", "accelerate.commands.launch", SCRIPT, "--config", tiny_recipe)

    done = run(*launch, "--run-folder", tmp_path / "run", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "bundle" / "model.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGINT, 0), (signal.SIGTERM, 1)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_stopped_run_goes_on_by_the_command_it_prints(
    tmp_path: Path, tiny_recipe: Path, number: signal.Signals, workers: int
) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, str(SCRIPT), "--config", str(tiny_recipe), "--run-folder"]
    command += [str(folder), "--training.epochs", "100", "--training.log-every-steps", "1"]
    command += ["--training.workers", str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    journal, deadline = folder / "journal.jsonl", time.monotonic() + 100
    while not (journal.exists() and journal.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, number)  # as a terminal and a cluster do: to the workers too
    said = process.communicate(timeout=60)[0]

    assert process.returncode == 130
    printed = shlex.split(said.splitlines()[-1])
    assert printed[:2] == ["accelerate", "launch"]
    done = run(*printed[2:])
    assert done.returncode == 0, done.stderr
    steps = [line["step"] for line in read_numbers(journal)]
    assert steps == list(range(1, 401))


@pytest.mark.slow
def test_two_processes_train_one_model_on_parts_of_the_data(
    tmp_path: Path, tiny_recipe: Path
) -> None:
    """Two processes of batch 1 end with the weights of one process of batch 2."""
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}
    torchrun = ("-m", "torch.distributed.run", "--nproc_per_node", "2")
    recipe = (SCRIPT, "--config", tiny_recipe, "--run-folder")

    two = run(*torchrun, *recipe, tmp_path / "two", env=environment, cwd=tmp_path)
    one = run(*recipe, tmp_path / "one", "--training.batch-size", "2", cwd=tmp_path)

    assert (two.returncode, one.returncode) == (0, 0), two.stderr + one.stderr
    from safetensors.torch import load_file

    for direction in ("a_to_b", "b_to_a"):
        weights = [
            load_file(tmp_path / n / "bundle" / f"{direction}.safetensors") for n in ("one", "two")
        ]
        for name, value in weights[0].items():
            if value.ndim > 1:  # a bias before a norm learns from rounding alone
                assert (value - weights[1][name]).abs().max() < 1e-5, name

    alone = run(*recipe, tmp_path / "two", "--resume", "latest", cwd=tmp_path)
    assert alone.returncode == 2
    assert "photos per step: was 2, is now 1" in alone.stderr


def test_where_there_is_no_terminal_progress_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from translate.inference.folder import Progress

    now = iter([0.0, 10.0, 70.0, 80.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))

    with progress.FolderProgress("summer to winter") as display:
        for finished in (10, 70, 80):
            display.show(Progress(finished, 700, "a.png", finished * 0.5))

    said = capsys.readouterr().err
    assert said.strip().splitlines() == ["70/700 1.0 images/s 0.50 MP/s, 10 min left"]
