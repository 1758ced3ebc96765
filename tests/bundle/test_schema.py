from dataclasses import replace

import pytest
from pydantic import ValidationError

from translate.bundle import Bundle
from translate.bundle.schema import LARGEST_ARGUMENT, ExportedGenerator, weight_file
from translate.networks import UNetGenerator


def exported(**arguments: object) -> ExportedGenerator:
    return ExportedGenerator.model_validate(
        {
            "generator": "resnet",
            "arguments": arguments,
            "stride": 4,
            "sha256": "0" * 64,
            "from_domain": "day",
            "to_domain": "night",
        }
    )


def test_directions_are_said_in_words(bundle: Bundle) -> None:
    assert bundle.in_words("b_to_a") == "winter to summer"
    assert bundle.describe_directions() == "a_to_b (summer to winter) and b_to_a (winter to summer)"


def test_a_direction_takes_one_sides_encoding_and_gives_the_others(one_way: Bundle) -> None:
    assert [encoding.kind for encoding in one_way.encodings_of("a_to_b")] == ["labels", "bands"]
    assert [encoding.kind for encoding in one_way.encodings_of("b_to_a")] == ["bands", "labels"]


def test_only_dropout_makes_a_direction_vary(bundle: Bundle, one_way: Bundle) -> None:
    shallow = {"a_to_b": UNetGenerator(base_channels=1, depth=5)}  # too shallow to drop any level

    assert one_way.can_vary("a_to_b")
    assert not bundle.can_vary("a_to_b")
    assert not replace(one_way, generators=shallow).can_vary("a_to_b")


def test_weight_files_are_named_by_direction() -> None:
    assert weight_file("a_to_b") == "a_to_b.safetensors"


@pytest.mark.parametrize("value", [True, 9, 0.5, "instance", None, LARGEST_ARGUMENT])
def test_plain_arguments_keep_their_type(value: object) -> None:
    kept = exported(argument=value).arguments["argument"]

    assert kept == value
    assert type(kept) is type(value)


@pytest.mark.parametrize("value", [LARGEST_ARGUMENT + 1, -(10**20), float("inf"), [1], {"a": 1}])
def test_immense_and_nested_arguments_are_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="argument"):
        exported(argument=value)
