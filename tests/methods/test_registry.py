import pytest

from translate.config import Settings
from translate.errors import ConfigError
from translate.methods import METHODS, load_method


@pytest.mark.parametrize("name", METHODS)
def test_every_file_in_the_folder_is_a_method(name: str) -> None:
    method = load_method(name)

    assert issubclass(method.Settings, Settings)
    assert method.Settings().name == name
    assert callable(method.build)


@pytest.mark.parametrize("name", ["cyclegam", "", "..errors", "cyclegan.py"])
def test_unknown_name_is_answered_with_those_that_exist(name: str) -> None:
    with pytest.raises(ConfigError, match=r"no method '.*'\. Choose one of: cyclegan"):
        load_method(name)
