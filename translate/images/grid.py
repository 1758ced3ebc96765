from collections.abc import Sequence
from PIL import Image
from torch import Tensor

def draw_grid(rows: Sequence[Sequence[Tensor]], titles: Sequence[str]) -> Image.Image: raise NotImplementedError
