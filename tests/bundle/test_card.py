from dataclasses import replace

import yaml

from translate.bundle import Bundle
from translate.bundle.card import model_card


def front_matter(bundle: Bundle) -> dict[str, object]:
    matter = yaml.safe_load(model_card(bundle).split("---\n")[1])
    assert isinstance(matter, dict)
    return matter


def test_front_matter_is_what_the_hub_reads(bundle: Bundle) -> None:
    assert front_matter(bundle) == {
        "license": "mit",
        "library_name": "photo-translate",
        "pipeline_tag": "image-to-image",
        "tags": ["image-to-image", "photo-translate", "cyclegan", "summer", "winter"],
    }


def test_a_licence_the_hub_does_not_know_becomes_other(bundle: Bundle) -> None:
    matter = front_matter(replace(bundle, facts={"licence": "research only"}))

    assert (matter["license"], matter["license_name"]) == ("other", "research_only")
    assert front_matter(replace(bundle, facts={}))["license"] == "unknown"


def test_tells_how_to_use_it_what_it_saw_and_its_limits(bundle: Bundle) -> None:
    card = model_card(bundle)

    assert "# Summer to winter and winter to summer" in card
    assert 'direction="a_to_b")' in card
    assert 'save("winter.png")' in card
    assert "- dataset: built-in scenes\n- epochs: 3\n" in card
    assert "- domains: a is summer, b is winter" in card
    assert "crops 64 px wide" in card


def test_facts_cannot_break_the_page(bundle: Bundle) -> None:
    card = model_card(replace(bundle, facts={"command": "train\n---\n# Owned {title}"}))

    assert "- command: train --- # Owned {title}" in card


def test_tells_what_images_are_made_of_where_they_are_no_photos(
    bundle: Bundle, one_way: Bundle
) -> None:
    card = model_card(one_way)

    assert "Translates images with a UNetGenerator" in card
    assert 'bands = translator("labels.png")  # a NumPy array (H, W, 5)' in card
    assert "- domains: a is land use (label maps of 3 classes), b is satellite (images of 5" in card
    assert "Directions: `a_to_b` (land use to satellite)." in card
    assert "Translates photos with a ResNetGenerator" in model_card(bundle)


def test_tells_the_mode_and_how_to_get_several_samples_where_there_is_dropout(
    bundle: Bundle, one_way: Bundle
) -> None:
    card = model_card(one_way)

    assert "dropout stays on, as in Pix2Pix's paper" in card
    assert 'open the bundle with `mode="paper"`' in card
    assert '`translator("labels.png", samples=3, seed=7)`' in card
    assert "--mode paper --samples 3 --seed 7" in card
    assert "samples=3" in model_card(replace(one_way, inference_mode="deterministic"))
    assert "samples=3" not in model_card(bundle)
