import cv2
import numpy as np
import pytest

from tests.doctor_toys import texture
from translate.doctor.hashes import count_bits, count_in_words, difference_hash
from translate.images import Pixels


def grey(seed: int) -> Pixels:
    return np.asarray(cv2.cvtColor(texture(seed), cv2.COLOR_RGB2GRAY), np.uint8)


def distance(one: Pixels, other: Pixels) -> int:
    return int(count_bits(difference_hash(one)[0] ^ difference_hash(other)[0]))


def test_a_photo_that_grows_brighter_to_the_right_sets_every_bit() -> None:
    slope = np.tile(np.arange(0, 255, 5, dtype=np.uint8), (20, 1))

    answers, telling = difference_hash(slope)

    assert count_bits(answers) == count_bits(telling) == 256
    assert count_bits(difference_hash(slope[:, ::-1].copy())[0]) == 0


def test_nothing_tells_in_a_photo_of_one_colour() -> None:
    answers, telling = difference_hash(np.full((30, 30), 77, np.uint8))

    assert count_bits(answers) == count_bits(telling) == 0


@pytest.mark.parametrize("seed", range(5))
def test_a_photo_stays_near_itself_when_it_is_resized_and_compressed(seed: int) -> None:
    photo = grey(seed)
    smaller = np.asarray(cv2.resize(photo, (40, 36), interpolation=cv2.INTER_AREA), np.uint8)
    packed = cv2.imencode(".jpg", smaller, [cv2.IMWRITE_JPEG_QUALITY, 60])[1]
    again = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)

    assert distance(photo, again) <= 16
    assert distance(photo, grey(seed + 100)) > 60


def test_bits_are_counted_with_and_without_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    words = np.random.default_rng(0).integers(0, 2**63, (7, 4)).astype(np.uint64)
    by_hand = [[int(word).bit_count() for word in row] for row in words]

    assert count_in_words(words).tolist() == by_hand
    assert count_bits(words).tolist() == [sum(row) for row in by_hand]
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert count_in_words(words).tolist() == by_hand
