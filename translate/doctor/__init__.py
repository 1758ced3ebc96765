"""The data-set doctor: is my data any good, and what can be done about it?"""

from translate.doctor.briefing import brief
from translate.doctor.examining import Diagnosis, Wishes, examine
from translate.doctor.fixing import expect_place, write_copy
from translate.doctor.places import Separate, find_separate, find_set

__all__ = [
    "Diagnosis",
    "Separate",
    "Wishes",
    "brief",
    "examine",
    "expect_place",
    "find_separate",
    "find_set",
    "write_copy",
]
