"""HTML fragments of images: thumbnails, before and after, crop previews, the table of renditions."""

from collections.abc import Sequence
from html import escape

from console.widgets.session import services
from core.images.models import Image, Rendition
from core.images.photo_lists import cut_position, cuts_of, smallest_jpeg
from core.images.picture_urls import pictures_of
from core.wording import file_size

SHOWN_BY_BROWSERS = ("jpeg", "png", "gif", "webp", "avif")
MAX_HEIGHT_PX = 480
LAYER = "position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; max-width: none"


def address_of(file: Rendition) -> str:
    """The public URL of a rendition."""
    return pictures_of(services()).absolute_address(file.path)


def original_address(image: Image) -> str | None:
    """The console's URL of the original; None where browsers cannot show it, or it was not kept."""
    if not image.original_kept or image.original_format not in SHOWN_BY_BROWSERS:
        return None
    return f"/originals/{image.id}?{image.original_hash[:12]}"


def thumbnail(image: Image, width_px: int = 160) -> str:
    """A square thumbnail; an empty square while there is no rendition."""
    box = f"width: 100%; max-width: {width_px}px; aspect-ratio: 1; border-radius: 6px; display: block"
    file = smallest_jpeg(image)
    if file is None:
        return f'<div style="{box}; border: 1px dashed currentColor; opacity: .5"></div>'
    position = f"object-position: {image.focal_x}% {image.focal_y}%"
    return (
        f'<img src="{escape(address_of(file))}" alt="{escape(image.alt)}" loading="lazy" '
        f'style="{box}; object-fit: cover; {position}">'
    )


def before_after(image: Image, file: Rendition, share: int) -> str:
    """
    Comparison slider: the original left of a line, a rendition right of it, in the same crop.

    Args:
        share: how much of the width the original has, in per cent.
    """
    before = original_address(image)
    after = f"{file.format.upper()} of {file.width_px} by {file.height_px} pixels"
    box = (
        f"position: relative; overflow: hidden; border-radius: 6px; aspect-ratio: {file.width_px} / {file.height_px}; "
        f"max-width: {MAX_HEIGHT_PX * file.width_px // file.height_px}px"
    )
    if before is None:
        return f'<div style="{box}"><img src="{escape(address_of(file))}" alt="{after}" style="{LAYER}"></div>'
    ratio = cuts_of(image).get(file.shape, (image.width_px, image.height_px))
    x, y = cut_position((image.width_px, image.height_px), ratio, (image.focal_x, image.focal_y))
    return (
        f'<div style="{box}">'
        f'<img src="{before}" alt="The original" style="{LAYER}; object-position: {x:.2f}% {y:.2f}%">'
        f'<img src="{escape(address_of(file))}" alt="{after}" style="{LAYER}; clip-path: inset(0 0 0 {share}%)">'
        f'<div style="position: absolute; top: 0; bottom: 0; left: calc({share}% - 1px); width: 2px; background: #fff; '
        'box-shadow: 0 0 0 1px #0008"></div></div>'
    )


def cut_previews(image: Image, focal: tuple[int, int]) -> str:
    """Previews of every crop with this focal point, side by side; "" where there is no source to show."""
    source = _whole_source(image)
    if source is None:
        return ""
    parts = []
    for name, ratio in cuts_of(image).items():
        x, y = cut_position((image.width_px, image.height_px), ratio, focal)
        width = 180 if ratio[0] > ratio[1] else 120
        parts.append(
            f'<figure style="margin: 0; flex: 0 1 {width}px"><div style="position: relative; overflow: hidden; '
            f'border-radius: 6px; aspect-ratio: {ratio[0]} / {ratio[1]}">'
            f'<img src="{escape(source)}" alt="" style="{LAYER}; object-position: {x:.2f}% {y:.2f}%"></div>'
            f"<figcaption>{name}</figcaption></figure>"
        )
    return f'<div style="display: flex; gap: 16px; flex-wrap: wrap; align-items: flex-end">{"".join(parts)}</div>'


def files_table(image: Image, files: Sequence[Rendition]) -> str:
    """Table of renditions: format, pixels, size, and what is saved compared with the original."""
    rows = "".join(
        f'<tr><th scope="row" style="{_CELL}; font-weight: 400">{file.format.upper()}</th>'
        f'<td style="{_CELL}">{"" if file.shape == "whole" else file.shape + ", "}{file.width_px} × {file.height_px}</td>'
        f'<td style="{_CELL}; text-align: right">{file_size(file.size_bytes)}</td>'
        f'<td style="{_CELL}; text-align: right">{_less(file.size_bytes, image.original_bytes)}</td></tr>'
        for file in files
    )
    head = "".join(
        f'<th scope="col" style="{_CELL}; text-align: {side}">{name}</th>'
        for name, side in (("Format", "left"), ("Pixels", "left"), ("Size", "right"), ("Saved", "right"))
    )
    return (
        '<table style="width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


_CELL = "padding: 4px 8px 4px 0; border-bottom: 1px solid #8884"


def _less(size_bytes: int, original_bytes: int) -> str:
    share = 1 - size_bytes / original_bytes
    return f"{share:.1%}" if share > 0 else "none"


def _whole_source(image: Image) -> str | None:
    """An uncropped source for previews: a rendition of the whole image, else the original."""
    whole = [file for file in image.renditions if file.shape == "whole" and file.format == "jpeg"]
    return address_of(whole[0]) if whole else original_address(image)
