import pytest

from translate.config import Settings, check
from translate.errors import ConfigError
from translate.methods import METHODS, load_method
from translate.phase import Channels


@pytest.mark.parametrize("name", METHODS)
def test_every_file_in_the_folder_is_a_method(name: str) -> None:
    method = load_method(name)

    assert issubclass(method.Settings, Settings)
    assert method.Settings().name == name
    assert isinstance(method.NEEDS_PAIRS, bool)
    assert callable(method.build)


def test_only_pix2pix_needs_pairs() -> None:
    assert [name for name in METHODS if load_method(name).NEEDS_PAIRS] == ["pix2pix"]


@pytest.mark.parametrize("name", METHODS)
def test_every_method_is_built_for_the_channels_of_its_domains(name: str) -> None:
    narrow = {"generator": {"base_channels": 1}, "discriminator": {"base_channels": 1}}
    settings = check(load_method(name).Settings, narrow, name)

    method = load_method(name).build(settings, Channels(5, 5), seed=0)

    for generator in (method.networks[key] for key in method.exports.values()):
        assert generator.arguments["in_channels"] == generator.arguments["out_channels"] == 5


@pytest.mark.parametrize("name", ["cyclegam", "", "..errors", "cyclegan.py"])
def test_unknown_name_is_answered_with_those_that_exist(name: str) -> None:
    with pytest.raises(ConfigError, match=r"no method '.*'\. Choose one of: cyclegan, pix2pix"):
        load_method(name)
