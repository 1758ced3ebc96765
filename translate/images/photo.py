from dataclasses import dataclass
from pathlib import Path
import numpy as np

@dataclass(frozen=True)
class Photo:
    pixels: np.ndarray
    alpha: np.ndarray | None = None

def open_photo(file: Path) -> Photo: raise NotImplementedError
def save_photo(photo: Photo, file: Path) -> None: raise NotImplementedError
