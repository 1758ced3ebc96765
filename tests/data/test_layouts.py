import pytest

from translate.data import layouts, load_layout
from translate.errors import ConfigError


@pytest.mark.parametrize("name", layouts())
def test_every_layout_offers_settings_that_name_it(name: str) -> None:
    module = load_layout(name)

    assert module.Settings.model_fields["layout"].default == name
    assert callable(module.build)
    assert callable(module.problems)


def test_files_that_serve_layouts_are_none_themselves() -> None:
    assert "unpaired" in layouts()
    assert not {"files", "jitter", "held_out", "splits", "scenes"} & set(layouts())


def test_an_unknown_layout_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"no layout 'files'\. Choose one of: .*unpaired"):
        load_layout("files")
