"""What a translator tells about itself."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from translate.bundle import Bundle, load_bundle, save_bundle
from translate.images import Encoding
from translate.inference.translator import Translator


def facts(bundle: Bundle, direction: str = "a_to_b", **changes: Any) -> dict[str, str]:
    return Translator(bundle, direction, "cpu", **changes).facts


def test_facts_are_the_same_for_the_same_bundle_wherever_it_lies(
    bundle: Bundle, tmp_path: Path
) -> None:
    save_bundle(bundle, tmp_path / "elsewhere")

    first = facts(bundle)

    assert facts(load_bundle(tmp_path / "elsewhere")) == first
    assert json.loads(json.dumps(first)) == first
    assert first | {"bundle": ""} == {
        "bundle": "",
        "direction": "a_to_b",
        "mode": "deterministic",
        "precision": "auto",
        "statistics": "exact",
    }


def test_every_fact_that_changes_a_translation_changes_the_facts(bundle: Bundle) -> None:
    generators = copy.deepcopy(bundle.generators)
    next(generators["a_to_b"].parameters()).data += 1e-3
    deep = {"a": Encoding(), "b": Encoding(kind="bands", channels=3)}
    others = [
        facts(bundle),
        facts(bundle, "b_to_a"),
        facts(bundle, mode="eval"),
        facts(bundle, precision="bf16"),
        facts(bundle, statistics="thumbnail"),
        facts(replace(bundle, generators=generators)),
        facts(replace(bundle, encodings=deep)),
    ]

    assert len({json.dumps(each) for each in others}) == len(others)


def test_how_much_memory_there_is_changes_no_facts(bundle: Bundle) -> None:
    assert facts(bundle, max_memory=2**31) == facts(bundle)


def test_the_choices_can_be_shown_in_a_line(bundle: Bundle) -> None:
    translator = Translator(bundle, device="cpu", precision="fp32", max_memory=2**31)

    assert str(translator.choices) == "cpu, fp32 (as asked for), within 2.0 GiB of memory"
