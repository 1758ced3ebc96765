"""Strict settings."""
from pydantic import BaseModel, ConfigDict

class Settings(BaseModel):
    """Frozen settings; an unknown key is an error, so is a default out of range."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
