import json
from pathlib import Path

import pytest
import torch
from accelerate import Accelerator

from translate.training.journal import Journal, read_journal


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
    lines = [json.dumps({"step": step, "epoch": 0}) + "\n" for step in (1, 2, 3)]
    file.write_text("".join(lines) + '{"step": 4, "ep')  # a crash cut the last line short

    journal = Journal(file, accelerator)
    journal.go_on_from(step=2)
    journal.write(3, 0)

    assert [line["step"] for line in read_journal(file)] == [1, 2, 3]


def test_means_under_way_are_taken_up_again(tmp_path: Path, accelerator: Accelerator) -> None:
    stopped, resumed = (Journal(tmp_path / f"{i}.jsonl", accelerator) for i in range(2))
    stopped.note({"loss": torch.tensor(1.0)})

    resumed.load_state_dict(stopped.state_dict())
    resumed.note({"loss": torch.tensor(3.0)})

    assert resumed.write(2, 0)["loss"] == 2.0


def test_a_run_without_a_journal_has_no_lines(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none.jsonl") == []
