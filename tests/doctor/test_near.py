"""All near pairs are found, whichever way the search takes."""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translate.doctor import near as near_module
from translate.doctor.hashes import Words
from translate.doctor.near import FARTHEST, FEWEST_TELLING, Hashes, Near, find_near

Bits = npt.NDArray[np.bool_]


def pack(bits: Bits) -> Words:
    return np.packbits(bits, axis=-1).view(np.uint64)


def hashes_of(direct: Bits, mirrored: Bits, telling: Bits | None = None) -> Hashes:
    all_tell = np.ones_like(direct) if telling is None else telling
    return Hashes(pack(direct), pack(all_tell), pack(mirrored), pack(all_tell))


def random_bits(random: np.random.Generator, count: int, density: float = 0.5) -> Bits:
    return random.random((count, 256)) < density


def flipped(bits: Bits, places: npt.NDArray[np.int64]) -> Bits:
    changed = bits.copy()
    changed[places] = ~changed[places]
    return changed


def plant(random: np.random.Generator, bits: Bits, others: Bits, density: float) -> None:
    """Make some near others: 0 to 20 bits away."""
    for _ in range(len(bits) // 2):
        one, other = random.integers(0, len(bits), 2)
        places = random.choice(256, random.integers(0, 21), replace=False)
        bits[one] = flipped(others[other], places)


def by_trying_each(hashes: Hashes) -> set[tuple[int, int, int, bool]]:
    """The definition, word for word."""
    found = set()
    as_it_is, mirrored = (
        list(zip(words.tolist(), telling.tolist(), strict=True))
        for words, telling in (
            (hashes.direct, hashes.telling),
            (hashes.mirrored, hashes.mirrored_telling),
        )
    )
    for i, j in combinations(range(len(hashes)), 2):
        direct = try_one(as_it_is[i], as_it_is[j])
        turned = [try_one(as_it_is[i], mirrored[j]), try_one(as_it_is[j], mirrored[i])]
        if direct is not None:
            found.add((i, j, direct, False))
        elif near := [distance for distance in turned if distance is not None]:
            found.add((i, j, min(near), True))
    return found


def try_one(one: tuple[list[int], list[int]], other: tuple[list[int], list[int]]) -> int | None:
    """Tell the distance of two hashes and their telling bits; None: they are not near."""
    differing = [a ^ b for a, b in zip(one[0], other[0], strict=True)]
    either = [a | b for a, b in zip(one[1], other[1], strict=True)]
    told = [a & b for a, b in zip(differing, either, strict=True)]
    distance, all_told, telling = (
        sum(word.bit_count() for word in words) for words in (differing, told, either)
    )
    is_near = distance <= FARTHEST and telling >= FEWEST_TELLING
    return distance if is_near and all_told * 256 <= FARTHEST * telling else None


def as_set(near: Near) -> set[tuple[int, int, int, bool]]:
    rows = zip(near.first, near.second, near.distance, near.is_mirrored, strict=True)
    return {(int(i), int(j), int(d), bool(m)) for i, j, d, m in rows}


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 30),
    density=st.sampled_from([0.5, 0.2, 0.02]),
    large=st.sampled_from([2, 64]),
)
@settings(max_examples=40, deadline=None)
def test_the_search_finds_what_comparing_each_to_each_finds(
    seed: int, count: int, density: float, large: int
) -> None:
    random = np.random.default_rng(seed)
    direct, mirrored = random_bits(random, count, density), random_bits(random, count, density)
    plant(random, direct, direct, density)
    plant(random, mirrored, direct, density)
    hashes = hashes_of(direct, mirrored, random_bits(random, count, 0.6))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_module, "LARGE", large)

        assert as_set(find_near(hashes)) == by_trying_each(hashes)


@pytest.mark.parametrize(("bits", "is_near"), [(0, True), (16, True), (17, False), (256, False)])
def test_sixteen_bits_are_near_and_seventeen_are_not(bits: int, is_near: bool) -> None:
    random = np.random.default_rng(1)
    one = random_bits(random, 1)
    other = flipped(one[0], np.arange(bits))[None]
    hashes = hashes_of(np.concatenate([one, other]), random_bits(random, 2))

    found = find_near(hashes)

    assert as_set(found) == ({(0, 1, bits, False)} if is_near else set())


def test_a_photo_is_near_its_mirrored_self_elsewhere() -> None:
    random = np.random.default_rng(2)
    direct, mirrored = random_bits(random, 2), random_bits(random, 2)
    direct[1], mirrored[1] = mirrored[0], direct[0]

    found = find_near(hashes_of(direct, mirrored))

    assert as_set(found) == {(0, 1, 0, True)}


def test_a_symmetric_photo_is_not_its_own_twin() -> None:
    bits = random_bits(np.random.default_rng(3), 1)

    assert not len(find_near(hashes_of(bits, bits)).first)


def test_drawings_on_white_are_not_near_because_of_the_white() -> None:
    random = np.random.default_rng(4)
    telling = np.zeros((2, 256), bool)
    telling[:, :60] = True
    direct = telling & random_bits(random, 2)
    direct[1, :60] = flipped(direct[0, :60], np.arange(10))  # a sixth of what tells

    assert not len(find_near(hashes_of(direct, random_bits(random, 2), telling)).first)
    assert len(find_near(hashes_of(direct, random_bits(random, 2))).first) == 1


def test_more_pairs_than_can_be_kept_end_the_search_and_it_says_so() -> None:
    random = np.random.default_rng(5)
    bits = np.repeat(random_bits(random, 1), 50, axis=0)
    hashes = hashes_of(bits, random_bits(random, 50))

    assert find_near(hashes, most=20).is_cut
    assert len(find_near(hashes).first) == 50 * 49 / 2
    assert not find_near(hashes).is_cut


def test_twenty_thousand_photos_take_about_a_second() -> None:
    random = np.random.default_rng(6)
    bits = random_bits(random, 20_000)
    bits[-1] = flipped(bits[7], np.array([3, 99, 200]))

    found = find_near(hashes_of(bits, random_bits(random, 20_000)))

    assert as_set(found) == {(7, 19_999, 3, False)}
