"""Photos to show models: a folder's, or those that a run held out, if they can still be found."""

from pathlib import Path
from typing import Any

from PIL import Image

from translate.data import load_layout
from translate.data.cards import will_be_drawn
from translate.data.held_out import first_shown
from translate.errors import DataError, TranslateError
from translate.evidence.model_pictures import Subject, Subjects
from translate.evidence.sample_figures import spread
from translate.images import find_photos, open_photo, to_pixels, to_tensor
from translate.recipe.recipe import load_recipe
from translate.training.run_folder import RECIPE

LONGEST_PX = 512  # of photos of a folder: to be looked at beside one another, not to be kept


def held_out_subjects(run: Path, count: int) -> Subjects | None:
    """Take photos that a run held out, as it looks at them; None: they are not to be found.

    Nothing is drawn or fetched for it.

    Args:
        count: Of each domain at most, spread evenly.
    """
    try:
        recipe = load_recipe(run / RECIPE, {})
        folder = getattr(recipe.data, "folder", None)
        if folder is not None and will_be_drawn(folder):
            return None
        data = load_layout(recipe.data.layout).build(recipe.data, recipe.training.seed)
    except TranslateError:
        return None  # the page then shows the runs' own grids, and says why
    if data.test is None:
        return None
    photos: Any = data.test
    return {
        f"{source}_to_{target}": [
            Subject.of_tensor(getattr(photos[index], source), data.encodings[source])
            for index in spread(first_shown(photos, source), count)
        ]
        for source, target in ("ab", "ba")
    }


def subjects_of_folder(folder: Path, count: int) -> list[Subject]:
    """Take photos from a folder, reduced to 512 px: at most so many, spread evenly.

    Raises:
        DataError: There are none, or one of them cannot be read.
    """
    files = find_photos(folder).photos if folder.is_dir() else []
    if not files:
        what = "holds no photos" if folder.is_dir() else "is no folder"
        raise DataError(f"--photos: {folder} {what}. Name a folder of photos.")
    subjects = []
    for file in spread(files, count):
        shown = Image.fromarray(to_pixels(to_tensor(open_photo(file).pixels)))
        shown.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS)
        subjects.append(Subject(shown, shown))
    return subjects
