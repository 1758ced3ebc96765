from collections.abc import Iterator

import pillow_heif
import pytest

from translate.images import pixel_limit, set_pixel_limit

pillow_heif.register_heif_opener()  # so that tests can write toys with Pillow alone


@pytest.fixture(autouse=True)
def same_limit_after() -> Iterator[None]:
    limit = pixel_limit()
    yield
    set_pixel_limit(limit)
