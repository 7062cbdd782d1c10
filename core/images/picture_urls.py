"""
Delivery of images: addresses on the site or a CDN, and the `<picture>` of an image, by `pictures.of(image)`.

Every address names one file for ever, so nothing is ever purged, and a CDN needs no rule but to pull. With
`cloudinary:CLOUD` Cloudinary fetches our largest file and makes sizes and formats of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote, urlsplit

from core.images.models import Image, Rendition
from core.images.recipes import DARK_GROUND, MEDIA_TYPES
from core.platform.services import Services

LOCAL = "/media"
CLOUDINARY_ORIGIN = "https://res.cloudinary.com"
CROPS = ("fill", "fit", "limit", "pad", "scale", "thumb")
MODERN_FIRST = ("avif", "webp")


@dataclass(frozen=True)
class Source:
    """One `<source>`. media: the screens it is for, or "" for all; width_px, height_px: of its largest file."""

    media_type: str
    srcset: str
    media: str
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Picture:
    """A `<picture>`, ready for a template. `src` is a JPEG that every browser can show."""

    sources: Sequence[Source]
    src: str
    srcset: str
    width_px: int
    height_px: int
    alt: str
    placeholder: str
    colour: str

    @property
    def ground(self) -> str:
        """Of a transparent picture: "dark" or "light", as its files were laid on; "" for all others."""
        if self.placeholder or not self.colour:
            return ""
        return "dark" if self.colour == DARK_GROUND else "light"


@dataclass(frozen=True)
class Delivery:
    """
    Builder of image addresses, by the delivery settings.

    base: what stands before a path, "/media" for the site itself. absolute: the same with scheme and host.
    cloud: Cloudinary's name for us; None without it.
    """

    base: str
    absolute: str
    cloud: str | None = None

    @property
    def origin(self) -> str | None:
        """Origin for the content security policy; None when it is the site itself."""
        if self.cloud is not None:
            return CLOUDINARY_ORIGIN
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None

    @property
    def absolute_origin(self) -> str:
        """Origin for the content security policy of the console, which shows images too."""
        parts = urlsplit(self.absolute)
        return self.origin or f"{parts.scheme}://{parts.netloc}"

    def address(self, path: str) -> str:
        """A file's address in the site's own pages."""
        return f"{self.base}/{path}"

    def absolute_address(self, path: str) -> str:
        """A file's absolute address, for mails and the console."""
        return f"{self.absolute}/{path}"

    def get_optimized_image_url(
        self,
        path: str,
        *,
        width: int | None = None,
        height: int | None = None,
        quality: int | str = "auto",
        format: str = "auto",  # noqa: A002 (the plan's name)
        crop: str = "limit",
    ) -> str:
        """
        The address at which Cloudinary makes this size of a file; without Cloudinary the file's own.

        Args:
            quality: 1 to 100, or "auto". format: "auto", or an ending. crop: one of CROPS.

        Raises:
            ValueError: a value that Cloudinary does not know.
        """
        if crop not in CROPS or any(side is not None and side < 1 for side in (width, height)):
            raise ValueError(f"crop is one of {', '.join(CROPS)}; width and height are positive")
        if not (format.isalnum() and (quality == "auto" or (isinstance(quality, int) and 1 <= quality <= 100))):
            raise ValueError('quality is "auto" or 1 to 100; format is "auto" or an ending')
        if self.cloud is None:
            return self.absolute_address(path)
        size = [f"{side}_{value}" for side, value in (("w", width), ("h", height)) if value]
        steps = ",".join([f"c_{crop}", *size, f"q_{quality}", f"f_{format}"])
        return f"{CLOUDINARY_ORIGIN}/{self.cloud}/image/fetch/{steps}/{quote(self.absolute_address(path), safe=':/')}"

    def of(self, image: Image | None, *, shape: str | None = None, narrow: str | None = None) -> Picture | None:
        """
        What a page needs to show this image; None when there is none to show (not made, or not described).

        Args:
            shape: the cut for all screens; otherwise the recipe's first.
            narrow: another cut for screens up to 640 pixels.
        """
        if image is None or not image.alt:
            return None
        shape = shape or _first_shape(image.renditions)
        files = [file for file in image.renditions if file.shape == shape]
        fallback = [file for file in files if file.format == "jpeg"]
        if not fallback:
            return None
        cuts = [(narrow, "(max-width: 640px)")] if narrow else []
        sources = [
            source
            for cut, media in (*cuts, (shape, ""))
            for source in self._sources([file for file in image.renditions if file.shape == cut], media)
        ]
        largest = max(fallback, key=_width)
        return Picture(
            sources=sources,
            src=self._sized(min(fallback, key=lambda file: abs(file.width_px - 800)), largest),
            srcset=self._srcset(fallback),
            width_px=largest.width_px,
            height_px=largest.height_px,
            alt=image.alt,
            placeholder=image.placeholder,
            colour=image.colour,
        )

    def _sources(self, files: Sequence[Rendition], media: str) -> list[Source]:
        """The smaller formats first; JPEG only where another cut needs it, for the `<img>` itself has it."""
        formats = [] if self.cloud is not None else list(MODERN_FIRST)
        found = []
        for form in [*formats, *(["jpeg"] if media else [])]:
            if chosen := [file for file in files if file.format == form]:
                largest = max(chosen, key=_width)
                media_type = "" if self.cloud is not None else MEDIA_TYPES[form]
                found.append(Source(media_type, self._srcset(chosen), media, largest.width_px, largest.height_px))
        return found

    def _srcset(self, files: Sequence[Rendition]) -> str:
        ordered = sorted(files, key=_width)
        return ", ".join(f"{self._sized(file, ordered[-1])} {file.width_px}w" for file in ordered)

    def _sized(self, file: Rendition, largest: Rendition) -> str:
        if self.cloud is None:
            return self.address(file.path)
        return self.get_optimized_image_url(largest.path, width=file.width_px)


def pictures_of(services: Services) -> Delivery:
    """The delivery of this gym."""
    return delivery_for(services.settings.media_base_url, base_url=services.settings.base_url)


@cache
def delivery_for(media_base_url: str, *, base_url: str) -> Delivery:
    """The delivery for two settings; cached."""
    absolute = f"{base_url}{LOCAL}"
    if media_base_url.startswith("cloudinary:"):
        return Delivery(LOCAL, absolute, media_base_url.removeprefix("cloudinary:"))
    if media_base_url in ("", absolute):
        return Delivery(LOCAL, absolute)
    return Delivery(media_base_url, media_base_url)


def _first_shape(files: Sequence[Rendition]) -> str:
    """The wide one of a campaign, and the only one of all others."""
    shapes = {file.shape for file in files}
    return next((shape for shape in ("whole", "square", "wide") if shape in shapes), "whole")


def _width(file: Rendition) -> int:
    return file.width_px
