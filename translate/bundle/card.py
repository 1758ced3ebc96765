"""The model card: the README.md by which people, and the Hugging Face Hub, know a bundle."""

import yaml
from pydantic import JsonValue

from translate.bundle.schema import DIRECTIONS, Bundle
from translate.images import Encoding

CARD = """\
---
{front_matter}---

# {title}

{opening}

## Use

```python
# pip install photo-translate
from translate import Translator
translator = Translator.from_pretrained("THIS_FOLDER_OR_HUB_NAME", direction="{direction}")
{use}
```

Images of any size come back in the same size. Directions: {directions}.
{mode}{samples}

## Training

{training}

## Limits

- It changes appearance, not knowledge: what it adds (snow, lights, leaves) is invented. Do not take
  its photos for evidence of what a place looked like.
- Photos unlike those it was trained on may come out unchanged, discoloured or with artefacts.
- It learned from crops {side} px wide. Much larger photos show it things at a scale it has never
  seen; shrink them if the result looks patchy.
- The licence of these weights also depends on the terms of the photos they were trained on.
"""
MODES = {
    "deterministic": "Each photo is normalised by its own statistics and dropout is off, so the "
    "same photo always gives the same result.",
    "eval": "Photos are normalised by the running statistics of training, and dropout is off.",
    "paper": "Each photo is normalised by its own statistics and dropout stays on, as in Pix2Pix's "
    "paper: a translation is one of many, and the seed chooses which.",
}
SAMPLES = """

For three different translations of one photo open the bundle with `mode="paper"` and write
`translator("{photo}", samples=3, seed=7)`: a list, always the same for the same seed. For a folder:
`photo-translate IN OUT --model THIS_FOLDER_OR_HUB_NAME --mode paper --samples 3 --seed 7`."""
INPUTS = {"photo": "photo.jpg", "grey": "photo.jpg", "labels": "labels.png", "bands": "bands.tif"}
# The Hub refuses a card whose licence it does not know; these it knows.
HUB_LICENCES = {
    *("apache-2.0", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "cc-by-nc-4.0"),
    *("cc-by-nc-sa-4.0", "cc-by-sa-4.0", "gpl-3.0", "mit", "openrail", "unlicense"),
}


def model_card(bundle: Bundle) -> str:
    """Write the card: Hub front matter, how to use the bundle, what it saw, where it ends."""
    directions = [name for name in DIRECTIONS if name in bundle.generators]
    words = [bundle.in_words(name) for name in directions]
    networks = sorted({type(network).__name__ for network in bundle.generators.values()})
    pairs = zip(directions, words, strict=True)
    kinds = {encoding.kind for encoding in bundle.encodings.values()}
    photo = INPUTS[bundle.encodings_of(directions[0])[0].kind]
    return CARD.format(
        front_matter=_front_matter(bundle),
        title=" and ".join(words).capitalize(),
        opening=f"Translates {'photos' if kinds == {'photo'} else 'images'} with a "
        f"{' and a '.join(networks)}, trained by the method `{bundle.method}`.",
        direction=directions[0],
        use=_use(bundle, directions[0], photo),
        directions=", ".join(f"`{direction}` ({meaning})" for direction, meaning in pairs),
        mode=MODES[bundle.inference_mode],
        samples=SAMPLES.format(photo=photo) if bundle.can_vary(directions[0]) else "",
        training=_training(bundle),
        side=bundle.training_side_px,
    )


def _front_matter(bundle: Bundle) -> str:
    tags = ["image-to-image", "photo-translate", bundle.method, *bundle.domains.values()]
    matter = {
        **_licence(str(bundle.facts.get("licence") or "unknown")),
        "library_name": "photo-translate",
        "pipeline_tag": "image-to-image",
        "tags": tags,
    }
    return yaml.safe_dump(matter, sort_keys=False, allow_unicode=True)


def _use(bundle: Bundle, direction: str, photo: str) -> str:
    """Write the line that translates one image; bands come as an array, which has no `save`."""
    _, target = bundle.encodings_of(direction)
    if target.kind == "bands":
        return f'bands = translator("{photo}")  # a NumPy array (H, W, {target.channels})'
    return f'translator("{photo}").save("{_file_name(bundle.domains[direction[-1]])}.png")'


def _made_of(encoding: Encoding) -> str:
    """Say what the images of a domain are made of, where they are no photos."""
    words = {"grey": "grey", "labels": f"label maps of {encoding.channels} classes"}
    words["bands"] = f"images of {encoding.channels} band{'s' * (encoding.channels > 1)}"
    return f" ({words[encoding.kind]})" if encoding.kind in words else ""


def _licence(licence: str) -> dict[str, str]:
    if licence.lower() in {*HUB_LICENCES, "unknown"}:
        return {"license": licence.lower()}
    return {"license": "other", "license_name": _file_name(licence)}


def _training(bundle: Bundle) -> str:
    told: dict[str, JsonValue] = {
        "domains": ", ".join(
            f"{side} is {bundle.domains[side]}{_made_of(encoding)}"
            for side, encoding in sorted(bundle.encodings.items())
        ),
        "crop side": f"{bundle.training_side_px} px",
        **bundle.facts,
        "data fingerprint": bundle.data_fingerprint or "unknown",
    }
    lines = (f"- {name.replace('_', ' ')}: {_one_line(value)}" for name, value in told.items())
    return "\n".join(lines)


def _one_line(value: JsonValue) -> str:
    return " ".join(str(value).split())


def _file_name(words: str) -> str:
    """Make words fit for a file name: `early winter` -> `early_winter`."""
    return "".join(letter if letter.isalnum() else "_" for letter in words)
