"""What the doctor has to say, in the order of its weight."""

from translate.doctor.findings.finding import (
    WEIGHTS,
    Finding,
    Image,
    Item,
    Weight,
    counted,
    images_of,
)

__all__ = ["WEIGHTS", "Finding", "Image", "Item", "Weight", "counted", "images_of"]
