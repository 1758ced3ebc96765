from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.interop.reference_networks import ReferenceResNet, ReferenceUNet, randomise
from translate.errors import BundleError
from translate.interop import export_state, import_generator

RESNET = randomise(ReferenceResNet(width=2, blocks=2)).state_dict()
BATCH = randomise(ReferenceResNet(width=2, blocks=2, norm="batch")).state_dict()
UNET = randomise(ReferenceUNet(width=1, depth=6)).state_dict()
SMOOTH = randomise(
    ReferenceResNet(width=2, blocks=2, smooth_down=True, smooth_up=True)
).state_dict()
State = dict[str, Tensor]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "latest_net_G.pth"


def came_through(state: State, file: Path) -> State:
    torch.save(state, file)
    return export_state(import_generator(file))


def refusal(state: State, file: Path) -> str:
    torch.save(state, file)
    with pytest.raises(BundleError) as caught:
        import_generator(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: looks like a ")
    assert message.endswith("\nNothing was imported.")
    return message


def is_equal(first: State, second: State) -> bool:
    return list(first) == list(second) and all(
        torch.equal(first[key], second[key]) for key in first
    )


def test_what_old_instance_norms_remembered_is_dropped(file: Path) -> None:
    remembered = {
        "model.2.running_mean": torch.ones(2),
        "model.2.running_var": torch.ones(2),
        "model.10.conv_block.2.num_batches_tracked": torch.tensor(3),
    }

    assert is_equal(came_through(RESNET | remembered, file), RESNET)


@pytest.mark.parametrize("state", [BATCH, UNET])
def test_what_batch_norms_remembered_is_kept(state: State, file: Path) -> None:
    assert sum(key.endswith("running_var") for key in state) >= 9
    assert is_equal(came_through(state, file), state)


def test_batch_norms_that_did_not_count_begin_at_zero(file: Path) -> None:
    uncounted = {k: t for k, t in UNET.items() if not k.endswith("num_batches_tracked")}

    found = came_through(uncounted, file)

    assert list(found) == list(UNET)
    assert {int(t) for k, t in found.items() if k.endswith("num_batches_tracked")} == {0}


def test_missing_running_statistics_of_a_batch_norm_are_refused(file: Path) -> None:
    state = {key: tensor for key, tensor in BATCH.items() if key != "model.5.running_var"}

    assert "model.5.running_var: expected (4,), found nothing" in refusal(state, file)


def test_cuts_filters_are_not_needed_and_written_again(file: Path) -> None:
    bare = {key: tensor for key, tensor in SMOOTH.items() if not key.endswith("filt")}

    assert len(bare) == len(SMOOTH) - 4
    assert is_equal(came_through(bare, file), SMOOTH)


@pytest.mark.parametrize("filt", [torch.ones(4, 1, 3, 3) / 9, torch.ones(4, 1, 5, 5)])
def test_filters_other_than_cuts_are_refused(filt: Tensor, file: Path) -> None:
    message = refusal(SMOOTH | {"model.7.filt": filt}, file)

    assert "model.7.filt: expected the fixed filter of CUT, found another" in message


def test_half_precision_becomes_single(file: Path) -> None:
    halved = {key: tensor.half() for key, tensor in RESNET.items()}

    found = came_through(halved, file)

    assert is_equal(found, {key: tensor.float() for key, tensor in halved.items()})


def test_tensors_that_share_memory_are_separated(file: Path) -> None:
    shared = RESNET | {"model.11.conv_block.1.weight": RESNET["model.10.conv_block.1.weight"]}
    torch.save(shared, file)

    generator = import_generator(file)

    pointers = [tensor.data_ptr() for tensor in generator.state_dict().values()]
    assert len(set(pointers)) == len(pointers)


def test_weights_that_are_no_numbers_are_refused(file: Path) -> None:
    broken = RESNET | {"model.4.bias": torch.full((4,), torch.nan)}

    assert "model.4.bias: holds numbers that are not finite" in refusal(broken, file)


def test_every_misfit_is_counted_and_the_first_are_listed(file: Path) -> None:
    state = {key: tensor for key, tensor in RESNET.items() if "model.11" not in key}
    state |= {
        "model.11.conv_block.1.weight": torch.zeros(8, 8, 3, 3),
        "extra.weight": torch.ones(1, 1),
    }
    state["model.4.weight"] = torch.zeros(5, 2, 3, 3)

    message = refusal(state, file)

    assert message.splitlines()[0] == (
        f"{file}: looks like a resnet (in_channels 3, out_channels 3, base_channels 2, blocks 2, "
        "norm instance, upsample transposed, downsample strided, dropout False, downsamplings 2, "
        "residual False), but 5 of its keys do not fit:"
    )
    assert "\n  extra.weight: left over" in message
    assert "\n  model.4.weight: expected (4, 2, 3, 3), found (5, 2, 3, 3)" in message
    assert "\n  model.11.conv_block.5.bias: expected (8,), found nothing" in message


def test_a_long_list_of_misfits_is_cut(file: Path) -> None:
    message = refusal(RESNET | {f"extra.{i}": torch.ones(1) for i in range(30)}, file)

    assert message.count("left over") == 8
    assert "\n  and 22 more\n" in message


def test_a_unet_whose_widths_grow_otherwise_is_refused(file: Path) -> None:
    state = dict(UNET)
    deepest = "model.model.1.model.3.model.3.model.3.model.3.model.1.weight"
    state[deepest] = torch.zeros(16, 8, 4, 4)

    message = refusal(state, file)

    assert f"1 of its keys do not fit:\n  {deepest}: expected (8, 8, 4, 4), found (16" in message


@pytest.mark.parametrize("change", ["dropped", "added"])
def test_layers_too_few_or_too_many_are_refused(change: str, file: Path) -> None:
    if change == "dropped":  # the second of two halvings
        state = {k: t for k, t in RESNET.items() if not k.startswith("model.7.")}
    else:
        state = RESNET | {"model.19.conv_block.1.weight": torch.zeros(8, 8, 3, 3)}
    torch.save(state, file)

    with pytest.raises(BundleError):
        import_generator(file)
