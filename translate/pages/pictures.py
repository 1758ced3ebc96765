"""Pictures inside the page itself: galleries, a slider between two, and a film of many."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from translate.pages.markup import Html, escaped

# Longest sides: beyond them a screen shows no more, and a page of many pictures grows heavy.
GALLERY_PX, SLIDER_PX, FILM_PX = 480, 1024, 1280
LEAST_SHOWN_PX = 360  # smaller pictures are enlarged to be seen
QUALITY = 82
FEW_COLOURS = 256  # a drawing, whose edges JPEG and WebP would smear


@dataclass(frozen=True)
class Picture:
    """A picture and what is said of it: 8 bits a channel, of any of Pillow's modes."""

    image: Image.Image
    caption: str = ""
    title: str = ""


def gallery(pictures: Sequence[Picture]) -> Html:
    """Show pictures as thumbnails, as many in a row as fit; each can be opened to be seen large."""
    return Html(f'<div class="gallery">{"".join(map(_thumbnail, pictures))}</div>')


def before_after(
    before: Image.Image, after: Image.Image, labels: tuple[str, str], caption: str = ""
) -> Html:
    """Lay two pictures over one another, with a slider that uncovers one or the other.

    Args:
        after: Shown at the size of `before`.
        labels: What the two are called.
    """
    first, second = (escaped(label) for label in labels)
    width = max(min(before.width, SLIDER_PX), LEAST_SHOWN_PX)
    return Html(
        f'<figure class="before-after" style="max-width:{width}px"><div class="stack">'
        f'{_img(before, SLIDER_PX, first)}<div class="after">{_img(after, SLIDER_PX, second)}</div>'
        f'<span class="tag left">{first}</span><span class="tag right">{second}</span>'
        '<span class="handle"></span>'
        '<input type="range" min="0" max="100" step="any" value="50" '
        f'aria-label="from {first} to {second}">'
        f"</div>{_caption(caption)}</figure>"
    )


def film(frames: Sequence[tuple[str, Image.Image]], caption: str = "") -> Html:
    """Show one of many pictures, the last at first, with a slider and a button that plays them.

    Args:
        frames: What each is called, such as "epoch 12", and the picture.
    """
    if not frames:
        raise ValueError("a film needs at least one frame")
    last = len(frames) - 1
    width = max(LEAST_SHOWN_PX, *(min(image.width, FILM_PX) for _, image in frames))
    shown = "".join(
        _img(image, FILM_PX, escaped(name), "" if index == last else "hidden")
        for index, (name, image) in enumerate(frames)
    )
    name = escaped(frames[last][0])
    controls = (
        '<div class="controls"><button type="button" class="play">Play</button>'
        f'<input type="range" min="0" max="{last}" step="1" value="{last}" '
        f'aria-label="frame" aria-valuetext="{name}"><output>{name}</output></div>'
    )
    return Html(
        f'<figure class="film" style="max-width:{width}px"><div class="frames">{shown}</div>'
        f"{controls if last else ''}{_caption(caption)}</figure>"
    )


def embed(image: Image.Image, longest_px: int) -> str:
    """Turn a picture into an address that holds all of it, reduced to a longest side.

    Drawings of few colours become PNG and stay exact, photos WebP. Nothing that the file said
    beside its pixels comes along, such as where a photo was taken.
    """
    is_exact = image.getcolors(FEW_COLOURS) is not None
    small = _in_colours(image)
    if max(small.size) > longest_px:
        filter_ = Image.Resampling.NEAREST if is_exact else Image.Resampling.LANCZOS
        factor = longest_px / max(small.size)
        size = max(1, round(small.width * factor)), max(1, round(small.height * factor))
        small = small.resize(size, filter_)
    kept = BytesIO()
    if is_exact:
        small.save(kept, "PNG", optimize=True)
    else:
        small.save(kept, "WEBP", quality=QUALITY, exif=b"", xmp=b"")
    kind = "png" if is_exact else "webp"
    return f"data:image/{kind};base64,{base64.b64encode(kept.getvalue()).decode('ascii')}"


def _in_colours(image: Image.Image) -> Image.Image:
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _thumbnail(picture: Picture) -> str:
    title = f"<strong>{escaped(picture.title)}</strong>" if picture.title else ""
    words = f"{title}{escaped(picture.caption)}"
    image = _img(picture.image, GALLERY_PX, escaped(picture.title or picture.caption))
    return (
        f'<figure class="thumbnail"><button type="button" class="open">{image}</button>'
        f"{f'<figcaption>{words}</figcaption>' if words else ''}</figure>"
    )


def _img(image: Image.Image, longest_px: int, alt: Html, more: str = "") -> str:
    factor = min(1.0, longest_px / max(image.size))
    width, height = (max(1, round(side * factor)) for side in image.size)
    return (
        f'<img src="{embed(image, longest_px)}" alt="{alt}" '
        f'width="{width}" height="{height}" {more}>'
    )


def _caption(words: str) -> str:
    return f"<figcaption>{escaped(words)}</figcaption>" if words else ""
