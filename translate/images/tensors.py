from typing import Literal, NamedTuple
import numpy as np
from torch import Tensor

class Pair(NamedTuple):
    a: Tensor
    b: Tensor

def to_tensor(pixels: np.ndarray) -> Tensor: raise NotImplementedError
def to_pixels(tensor: Tensor, depth: Literal[8, 16] = 8) -> np.ndarray: raise NotImplementedError
def pad_to_multiple(images: Tensor, multiple: int, least: int = 1) -> Tensor: raise NotImplementedError
def crop_to(images: Tensor, height: int, width: int) -> Tensor: raise NotImplementedError
