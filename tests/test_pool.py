import io
import random

import pytest
import torch
from torch import Tensor

from translate.pool import ImagePool


def photos(*brightness: float) -> Tensor:
    return (
        torch.tensor(brightness, dtype=torch.float32)
        .reshape(-1, 1, 1, 1)
        .expand(-1, 3, 2, 2)
        .clone()
    )


def brightness(images: Tensor) -> list[float]:
    return images[:, 0, 0, 0].tolist()


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


class Scripted(random.Random):
    """Chance that follows a script: one number per image, one place per exchange."""

    def __init__(self, chances: list[float], places: list[int]) -> None:
        super().__init__(0)
        self.chances, self.places = chances, places

    def random(self) -> float:
        return self.chances.pop(0)

    def randrange(self, size: int) -> int:
        return self.places.pop(0)


def test_exchanges_follow_the_papers_rule_by_hand() -> None:
    pool = ImagePool(2, Scripted(chances=[0.6, 0.4, 0.6], places=[1, 1]))

    # Two are kept; the third is exchanged for the second of them.
    assert brightness(pool.exchange(photos(1, 2, 3))) == [1, 2, 2]
    # The fourth passes untouched; the fifth is exchanged for the third.
    assert brightness(pool.exchange(photos(4, 5))) == [4, 3]
    assert brightness(torch.stack(pool.images)) == [1, 5]


def test_pool_of_nothing_hands_every_image_on() -> None:
    images = photos(1, 2)

    assert torch.equal(ImagePool(0, seeded(0)).exchange(images), images)


def test_half_the_images_come_from_the_past() -> None:
    pool = ImagePool(50, seeded(0))
    pool.exchange(photos(*[-1.0] * 50))

    older = sum(brightness(pool.exchange(photos(n)))[0] != n for n in range(1000))

    assert 450 < older < 550
    assert len(pool.images) == 50


def test_images_are_kept_detached_and_without_their_batch() -> None:
    batch = photos(1, 2, 3, 4).requires_grad_()
    pool = ImagePool(2, seeded(0))

    assert not pool.exchange(batch[:2] * 1).requires_grad
    assert all(not image.requires_grad for image in pool.images)
    assert all(image.untyped_storage().nbytes() == 3 * 2 * 2 * 4 for image in pool.images)


def saved_and_loaded(state: dict) -> dict:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("seen", [3, 20])
def test_restored_pool_goes_on_exactly(seen: int) -> None:
    pool, restored = ImagePool(8, seeded(1)), ImagePool(8, seeded(2))
    pool.exchange(photos(*range(seen)))

    restored.load_state_dict(saved_and_loaded(pool.state_dict()))

    for n in range(100, 140, 2):
        new = photos(n, n + 1)
        assert torch.equal(pool.exchange(new), restored.exchange(new))


def test_saved_state_does_not_change_afterwards() -> None:
    pool = ImagePool(2, seeded(0))
    pool.exchange(photos(1, 2))
    state = pool.state_dict()

    pool.exchange(photos(*range(10, 30)))

    assert brightness(torch.stack(state["images"])) == [1, 2]
