import io
import random

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from tests.process_toys import Results, on_two_processes
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


def test_a_nan_is_handed_on_once_but_does_not_stay() -> None:
    broken = photos(0.5)
    broken[0, 1] = torch.nan
    pool = ImagePool(1, Scripted(chances=[0.6], places=[0]))

    assert pool.exchange(broken)[0, 1].isnan().all()
    assert pool.exchange(broken)[0, :, 0, 0].tolist() == [0.5, 0, 0.5]
    assert pool.images[0].isfinite().all()


def batches_to_exchange() -> list[Tensor]:
    """What all processes have together, step by step."""
    return list(torch.rand(30, 4, 3, 2, 2, generator=torch.Generator().manual_seed(0)))


def exchange_own_parts() -> Results:
    """Exchange what this process has of each batch, and show where a pool of none asks nobody."""
    pool = ImagePool(5, seeded(3))
    own = [batch.chunk(2)[dist.get_rank()] for batch in batches_to_exchange()]
    if dist.get_rank() == 0:
        ImagePool(0, seeded(3)).exchange(own[0])  # would wait for the other in vain
    handed_out = torch.stack([pool.exchange(images) for images in own])
    return {"handed_out": handed_out, "pool": torch.stack(pool.images)}


def test_two_processes_hand_out_together_what_one_would_and_hold_the_same_pool() -> None:
    pool = ImagePool(5, seeded(3))
    alone = torch.stack([pool.exchange(batch) for batch in batches_to_exchange()])

    results = on_two_processes(exchange_own_parts)

    assert torch.equal(torch.cat([r["handed_out"] for r in results], dim=1), alone)
    assert not torch.equal(alone, torch.stack(batches_to_exchange()))
    for result in results:
        assert torch.equal(result["pool"], torch.stack(pool.images))
