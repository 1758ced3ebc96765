"""A recipe is the one YAML file that puts a run together."""

from translate.recipe.recipe import Recipe, load_recipe

__all__ = ["Recipe", "load_recipe"]
