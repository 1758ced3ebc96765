"""What every layout says of its views: how large photos are loaded, cropped and looked at."""

from typing import Self

from pydantic import Field, model_validator

from translate import config
from translate.data.jitter import Resize

SSIM_WINDOW_PX = 11  # Wang et al. 2004


class ViewSettings(config.Settings):
    """Names of the two domains, and the squares that are cut out of their photos."""

    domain_a: str = Field("a", min_length=1, max_length=100)  # what people call a: "summer"
    domain_b: str = Field("b", min_length=1, max_length=100)  # what people call b: "winter"
    resize: Resize = "shorter_side"  # what becomes load_px: the shorter side, both sides, nothing
    load_px: int = Field(286, ge=1)  # size of a training photo before a square is cut out of it
    crop_px: int = Field(256, ge=1)  # side of the squares to learn from
    flip: bool = True  # mirror every other training photo; not for text or fixed cameras
    test_px: int | None = Field(None, ge=1)  # side of the squares to look at; None: crop_px
    skip_bad_files: bool = False  # go on without photos that are broken or too small

    @model_validator(mode="after")
    def _crop_fits(self) -> Self:
        if self.resize != "none" and self.crop_px > self.load_px:
            raise ValueError(
                f"crop_px must not be greater than load_px, got crop_px {self.crop_px} and "
                f"load_px {self.load_px}. Photos are resized to load_px before they are cropped."
            )
        return self

    @property
    def looking_px(self) -> int:
        """Side of the squares to look at."""
        return self.test_px or self.crop_px

    def expect_measurable(self, why: str) -> None:
        """Refuse squares to look at that are smaller than the window of structural similarity."""
        if self.looking_px < SSIM_WINDOW_PX:
            key = "test_px" if self.test_px else "crop_px"
            raise ValueError(
                f"{key} must be at least {SSIM_WINDOW_PX} where {why}: "
                f"similarity is measured in windows of that size, got {self.looking_px}."
            )
