"""The model card: the README.md by which people, and the Hugging Face Hub, know a bundle."""

from collections.abc import Mapping

import yaml
from pydantic import JsonValue

from translate.bundle.schema import DIRECTIONS, Bundle

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
translator("photo.jpg").save("{target}.png")
```

A photo of any size comes back in the same size. Directions: {directions}.
{mode}

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
}
TOLD_ELSEWHERE = {"licence"}  # facts with a place of their own


def model_card(bundle: Bundle) -> str:
    """Write the card: Hub front matter, how to use the bundle, what it saw, where it ends."""
    directions = [name for name in DIRECTIONS if name in bundle.generators]
    described = [bundle.describe(name) for name in directions]
    target = bundle.domains[directions[0][-1]]
    architectures = sorted({type(network).__name__ for network in bundle.generators.values()})
    return CARD.format(
        front_matter=_front_matter(bundle),
        title=" and ".join(words.partition(" ")[2].strip("()") for words in described).capitalize(),
        opening=f"Translates photos with {' and '.join(architectures)}, trained by the method "
        f"`{bundle.method}` of photo-translate.",
        direction=directions[0],
        target=_file_name(target),
        directions=", ".join(f"`{d}`{w.removeprefix(d)}" for d, w in zip(directions, described, strict=True)),
        mode=MODES[bundle.inference_mode],
        training=_training(bundle),
        side=bundle.training_side_px,
    )


def _front_matter(bundle: Bundle) -> str:
    return yaml.safe_dump(
        {
            "license": bundle.facts.get("licence") or "unknown",
            "library_name": "photo-translate",
            "pipeline_tag": "image-to-image",
            "tags": ["image-to-image", "photo-translate", bundle.method, *bundle.domains.values()],
        },
        sort_keys=False,
        allow_unicode=True,
    )


def _training(bundle: Bundle) -> str:
    told: Mapping[str, JsonValue] = {
        "domains": f"a is {bundle.domains['a']}, b is {bundle.domains['b']}",
        "crop side": f"{bundle.training_side_px} px",
        **{k: v for k, v in bundle.facts.items() if k not in TOLD_ELSEWHERE},
        "data fingerprint": bundle.data_fingerprint or "unknown",
    }
    return "\n".join(f"- {name.replace('_', ' ')}: {_one_line(value)}" for name, value in told.items())


def _one_line(value: JsonValue) -> str:
    return " ".join(str(value).split())


def _file_name(domain: str) -> str:
    """Make a domain name fit for a file: `the winter` -> `the_winter`."""
    return "".join(c if c.isalnum() else "_" for c in domain)
