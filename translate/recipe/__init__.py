"""A recipe is the one YAML file that puts a run together."""

from translate.recipe.recipe import Recipe, load_recipe, recipe_kind

__all__ = ["Recipe", "load_recipe", "recipe_kind"]
