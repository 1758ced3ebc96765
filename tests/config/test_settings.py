from typing import Literal

import pytest
from pydantic import Field, model_validator

from translate.config import Problem, Settings, check, dotted_keys, parse_flags
from translate.errors import ConfigError


class Small(Settings):
    name: Literal["small"] = "small"
    blocks: int = Field(6, ge=1)


class Large(Settings):
    name: Literal["large"] = "large"
    width: int = 64


class Training(Settings):
    epochs: int = Field(200, gt=0)
    decay_epochs: int = 100
    learning_rate: float = Field(2e-4, gt=0)
    betas: tuple[float, float] = (0.5, 0.999)
    flip: bool = True
    clip_norm: float | None = None
    trackers: tuple[str, ...] = ()
    resize: Literal["shorter_side", "none"] = "shorter_side"


class Whole(Settings):
    network: Small | Large = Field(Small(), discriminator="name")
    training: Training = Training()

    @model_validator(mode="after")
    def _together(self) -> "Whole":
        if self.training.epochs == 13:
            raise ValueError("13 epochs bring bad luck. Take 14.")
        return self


def problems(values: dict, *others: Problem) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        check(Whole, values, "recipe.yaml", others)
    return str(caught.value).splitlines()


def test_flags_become_nested_values_that_the_settings_understand() -> None:
    words = "--training.epochs 5 --training.betas 0.9 0.99 --training.no-flip"
    flags = parse_flags([*words.split(), "--training.clip-norm=none", "--network.name", "large"])

    settings = check(Whole, flags, "flags")

    assert settings.training == Training(epochs=5, betas=(0.9, 0.99), flip=False)
    assert settings.network == Large()


def test_all_problems_are_told_at_once() -> None:
    values = {
        "network": {"name": "small", "blocks": 0, "width": 3},
        "training": {"epoch": 5, "learning_rate": -1, "betas": "often"},
    }

    message = problems(values, Problem("data.folder", "there is no such folder"))

    assert message[0] == "recipe.yaml has 6 problems:"
    assert set(message[1:]) == {
        "  network.blocks: must be greater than or equal to 1, got 0",
        "  network.width: unknown key. Known here: name, blocks.",
        "  training.epoch: unknown key. Did you mean 'epochs'?",
        "  training.learning_rate: must be greater than 0, got -1",
        "  training.betas: must be a list of values, got 'often'",
        "  data.folder: there is no such folder",
    }


def test_a_block_without_a_name_is_of_its_default_kind() -> None:
    assert check(Whole, {"network": {"blocks": 3}}, "x").network == Small(blocks=3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"network": {"name": "huge"}},
            "  network.name: must be one of 'small', 'large', got 'huge'",
        ),
        ({"training": 5}, "  training: must be a block of settings, got 5"),
        ({"training": {"epochs": "many"}}, "  training.epochs: must be a whole number, got 'many'"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(values: dict, message: str) -> None:
    assert problems(values)[1].startswith(message)


def test_a_key_in_the_wrong_place_is_shown_its_right_one() -> None:
    assert problems({"epochs": 5})[1] == "  epochs: unknown key. Did you mean 'training.epochs'?"


def test_a_problem_of_several_keys_together_is_told_in_words() -> None:
    message = problems({"training": {"epochs": 13}})

    assert message == [
        "recipe.yaml has a problem:",
        "  settings: 13 epochs bring bad luck. Take 14.",
    ]


def test_dotted_keys_list_every_member_of_a_union() -> None:
    keys = dotted_keys(Whole)

    assert {"network.blocks", "network.width", "training.epochs"} <= set(keys)
    assert len(keys) == len(set(keys))


def test_one_word_is_a_list_of_one_where_a_list_is_wanted() -> None:
    assert check(Whole, {"training": {"trackers": "wandb"}}, "x").training.trackers == ("wandb",)


def test_none_means_nothing_only_where_nothing_is_allowed() -> None:
    words = ["--training.clip-norm", "none", "--training.resize", "none"]

    training = check(Whole, parse_flags(words), "flags").training

    assert training.clip_norm is None
    assert training.resize == "none"


@pytest.mark.parametrize("value", [".inf", float("nan"), "inf"])
def test_no_number_is_infinite(value: object) -> None:
    assert "learning_rate" in problems({"training": {"learning_rate": value}})[1]


def test_an_unknown_key_is_told_the_keys_of_the_block_it_stands_in() -> None:
    told = problems({"network": {"name": "large", "zzz": 3}})

    assert told[-1].endswith("network.zzz: unknown key. Known here: name, width.")
