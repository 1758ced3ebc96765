import json
import math
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from translate.errors import TrainingError
from translate.training.journal import Journal, read_journal, read_numbers


@pytest.fixture
def accelerator() -> Accelerator:
    return Accelerator(cpu=True)


def test_a_line_holds_the_means_since_the_last(tmp_path: Path, accelerator: Accelerator) -> None:
    journal = Journal(tmp_path / "journal.jsonl", accelerator)
    for value in (1.0, 2.0, 6.0):
        journal.note({"loss": torch.tensor(value)})
    journal.write(3, 0, learning_rate=0.1)
    journal.note({"loss": torch.tensor(5.0)})
    journal.write(4, 1)

    assert read_journal(tmp_path / "journal.jsonl") == [
        {"step": 3, "epoch": 0, "learning_rate": 0.1, "loss": 3.0},
        {"step": 4, "epoch": 1, "loss": 5.0},
    ]


def test_noting_keeps_no_graph(tmp_path: Path, accelerator: Accelerator) -> None:
    journal = Journal(tmp_path / "journal.jsonl", accelerator)
    loss = torch.tensor(1.0, requires_grad=True)

    journal.note({"loss": loss})
    journal.note({"loss": loss})

    assert journal.write(1, 0)["loss"] == 1.0
    assert loss.grad is None


def test_a_resumed_journal_has_no_line_twice(tmp_path: Path, accelerator: Accelerator) -> None:
    file = tmp_path / "journal.jsonl"
    killed = Journal(file, accelerator)
    killed.begin()
    killed.write(1, 0)
    killed.remark(1, 0, alarm="collapse", says="All look alike.")
    state = killed.state_dict()
    killed.remark(1, 0, validation="kid", value=0.1)  # of the same step, but after the state
    killed.write(2, 0)
    with file.open("a") as lines:
        lines.write('{"step": 3, "ep')  # a crash cut the last line short

    resumed = Journal(file, accelerator)
    resumed.load_state_dict(state)
    resumed.begin()
    resumed.write(2, 0)

    assert [line["step"] for line in read_journal(file)] == [1, 1, 2]
    assert resumed.state_dict()["lines"] == 3


def test_a_new_run_begins_an_empty_journal(tmp_path: Path, accelerator: Accelerator) -> None:
    (tmp_path / "journal.jsonl").write_text('{"step": 1, "epoch": 0}\n')

    Journal(tmp_path / "journal.jsonl", accelerator).begin()

    assert read_journal(tmp_path / "journal.jsonl") == []


def test_lines_of_numbers_are_told_from_remarks(tmp_path: Path, accelerator: Accelerator) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(file, accelerator)
    journal.write(1, 0, learning_rate=0.1)
    journal.remark(1, 0, alarm="collapse", says="All look alike.")

    assert read_numbers(file) == [{"step": 1, "epoch": 0, "learning_rate": 0.1}]


def test_numbers_that_are_not_finite_are_null_in_the_file(
    tmp_path: Path, accelerator: Accelerator
) -> None:
    file = tmp_path / "journal.jsonl"
    journal = Journal(file, accelerator)
    journal.note({"loss": torch.tensor(math.nan)})
    journal.write(1, 0, other=math.inf)

    assert json.loads(file.read_text()) == {"step": 1, "epoch": 0, "other": None, "loss": None}
    assert math.isnan(read_journal(file)[0]["loss"])


def test_a_journal_whose_folder_is_gone_is_told(tmp_path: Path, accelerator: Accelerator) -> None:
    journal = Journal(tmp_path / "gone" / "journal.jsonl", accelerator)

    for write in (journal.begin, journal.bring_to_disk, lambda: journal.write(1, 0)):
        with pytest.raises(TrainingError, match=r"journal\.jsonl: cannot be written"):
            write()


def test_means_under_way_are_taken_up_again(tmp_path: Path, accelerator: Accelerator) -> None:
    stopped, resumed = (Journal(tmp_path / f"{i}.jsonl", accelerator) for i in range(2))
    stopped.note({"loss": torch.tensor(1.0)})

    resumed.load_state_dict(stopped.state_dict())
    resumed.note({"loss": torch.tensor(3.0)})

    assert resumed.write(2, 0)["loss"] == 2.0


def test_a_run_without_a_journal_has_no_lines(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none.jsonl") == []
