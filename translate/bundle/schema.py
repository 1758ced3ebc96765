"""What a bundle holds: in memory (`Bundle`) and in its model.json (`Model`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, get_args

from pydantic import ConfigDict, Field, JsonValue, ValidationInfo, field_validator
from torch import nn

from translate.config import Settings
from translate.images import Encoding
from translate.networks import Generator

FORMAT_VERSION = 1
MODEL_FILE = "model.json"
CARD_FILE = "README.md"

Direction = Literal["a_to_b", "b_to_a"]
DIRECTIONS: tuple[Direction, ...] = ("a_to_b", "b_to_a")
InferenceMode = Literal["deterministic", "eval", "paper"]
INFERENCE_MODES: tuple[InferenceMode, ...] = get_args(InferenceMode)
Name = Annotated[str, Field(min_length=1, max_length=200)]

# Far beyond the widest and deepest generators in use. A hostile model.json could otherwise ask for
# a billion blocks and exhaust memory before its weights are ever looked at.
LARGEST_ARGUMENT = 1024

COLOURS = 3  # what generators take and give when their arguments do not say


def weight_file(direction: str) -> str:
    """Name the weights of a direction: derived, never read, so it cannot point elsewhere."""
    return f"{direction}.safetensors"


@dataclass(frozen=True)
class Bundle:
    """Trained generators and what is needed to use them.

    Attributes:
        method: The method that trained them, such as `cyclegan`.
        domains: What the two sides show: `{"a": "summer", "b": "winter"}`.
        generators: Direction (`a_to_b`, `b_to_a`) -> a network of `translate.networks.GENERATORS`.
        training_side_px: Side of the square crops they were trained on.
        inference_mode: `deterministic` normalises every photo by its own statistics, without
            dropout; `eval` by the running statistics of training, without dropout; `paper` as
            Pix2Pix's paper does, by its own statistics and with dropout, which makes every
            translation one of many possible ones.
        data_fingerprint: Identifies the photos they saw; None: unknown.
        facts: What the model card tells beside that: `dataset`, `epochs`, `steps`, `licence`,
            `command` and anything else that JSON can hold.
        encodings: What the images of each side are made of: photos, greys, label maps or bands.
    """

    method: str
    domains: Mapping[str, str]
    generators: Mapping[str, Generator]
    training_side_px: int
    inference_mode: str = "deterministic"
    data_fingerprint: str | None = None
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    encodings: Mapping[str, Encoding] = field(
        default_factory=lambda: {"a": Encoding(), "b": Encoding()}
    )

    def in_words(self, direction: str) -> str:
        """Say what a direction does: `summer to winter`."""
        source, target = direction.split("_to_")
        return f"{self.domains[source]} to {self.domains[target]}"

    def encodings_of(self, direction: str) -> tuple[Encoding, Encoding]:
        """Say what a direction takes, and what it gives."""
        source, target = direction.split("_to_")
        return self.encodings[source], self.encodings[target]

    def can_vary(self, direction: str) -> bool:
        """Say whether a direction's generator has dropout, the chance that `paper` lives on."""
        layers = self.generators[direction].modules()
        return any(isinstance(layer, nn.Dropout) and layer.p > 0 for layer in layers)

    def describe_directions(self) -> str:
        """List the directions there are: `a_to_b (summer to winter) and b_to_a (...)`."""
        return " and ".join(f"{name} ({self.in_words(name)})" for name in self.generators)


class Domains(Settings):
    """What the two sides show."""

    a: Name
    b: Name


class Encodings(Settings):
    """What the images of the two sides are made of."""

    a: Encoding = Encoding()
    b: Encoding = Encoding()


class ExportedGenerator(Settings):
    """How to rebuild the generator of one direction, and how to know its weights are whole."""

    generator: Name  # a key of `translate.networks.GENERATORS`
    arguments: dict[str, bool | int | float | str | None]
    stride: int = Field(gt=0)  # photos are padded to a multiple of this
    sha256: str = Field(pattern="^[0-9a-f]{64}$")  # of the weight file
    from_domain: Name
    to_domain: Name

    @field_validator("arguments")
    @classmethod
    def _bounded(cls, arguments: dict[str, object]) -> dict[str, object]:
        for name, value in arguments.items():
            if isinstance(value, int | float) and abs(value) > LARGEST_ARGUMENT:
                raise ValueError(f"{name} must lie within {LARGEST_ARGUMENT} of 0, got {value}")
        return arguments


class Model(Settings):
    """The contents of model.json."""

    model_config = ConfigDict(allow_inf_nan=True)  # in facts: a loss that broke costs no bundle

    format_version: Literal[1]
    written_by: str  # the version of photo-translate
    method: Name
    domains: Domains
    directions: dict[Direction, ExportedGenerator] = Field(min_length=1)
    training_side_px: int = Field(gt=0)
    inference_mode: InferenceMode
    data_fingerprint: str | None
    facts: dict[str, JsonValue]
    encodings: Encodings = Encodings()  # below `directions`, for it is checked against them

    @field_validator("encodings")
    @classmethod
    def _as_wide_as_generators(cls, encodings: Encodings, info: ValidationInfo) -> Encodings:
        directions: dict[str, ExportedGenerator] = info.data.get("directions", {})
        for direction, exported in directions.items():
            ends = zip(direction.split("_to_"), ("in_channels", "out_channels"), strict=True)
            for domain, argument in ends:
                described: Encoding = getattr(encodings, domain)
                width = exported.arguments.get(argument, COLOURS)
                if described.channels != width:
                    raise ValueError(
                        f"{domain}.channels must be {width}, the {argument} of the generator "
                        f"{direction}, got {described.channels} ({described.kind})"
                    )
        return encodings
