"""What a page needs to show a picture: addresses, sizes, words, and nothing that shifts."""

import pytest

from core.images.models import Image, ImageKind, Rendition
from core.images.picture_urls import Delivery, Picture, delivery_for
from core.platform.settings import load_settings
from public_site.templating import _templates

SITE = "https://spirit.example"
LOCAL = delivery_for("", base_url=SITE)
CDN = delivery_for("https://cdn.example/gym", base_url=SITE)
CLOUD = delivery_for("cloudinary:spirit", base_url=SITE)


def file(shape: str, form: str, width: int, height: int) -> Rendition:
    suffix = {"jpeg": "jpg"}.get(form, form)
    return Rendition(shape=shape, format=form, width_px=width, height_px=height, path=f"ab/{shape}{width}.{suffix}")


def image(*files: Rendition, alt: str = "The hall") -> Image:
    found = Image(kind=ImageKind.GALLERY, alt=alt, placeholder="data:image/webp;base64,xyz", colour="#808080")
    found.renditions.extend(files)
    return found


PHOTO = image(*(file("whole", form, width, width * 3 // 4) for form in ("avif", "jpeg") for width in (400, 800, 1200)))
HERO = image(
    *(file("wide", form, width, width // 2) for form in ("avif", "jpeg") for width in (800, 2000)),
    *(file("tall", form, width, width * 5 // 4) for form in ("avif", "jpeg") for width in (400, 800)),
)


def shown(picture: Picture | None, **options: object) -> str:
    assert picture is not None
    module = _templates().get_template("picture.html").module
    return str(module.show(picture, "100vw", **options))  # type: ignore[attr-defined]


def test_avif_comes_first_and_jpeg_is_what_every_browser_can_show() -> None:
    picture = LOCAL.of(PHOTO)
    assert picture is not None
    (avif,) = picture.sources
    assert avif.media_type == "image/avif"
    assert avif.srcset == "/media/ab/whole400.avif 400w, /media/ab/whole800.avif 800w, /media/ab/whole1200.avif 1200w"
    assert picture.src == "/media/ab/whole800.jpg" and picture.srcset.endswith("/media/ab/whole1200.jpg 1200w")
    assert (picture.width_px, picture.height_px) == (1200, 900)


def test_a_picture_in_a_page_has_its_size_its_words_and_what_stands_in_for_it() -> None:
    html = shown(LOCAL.of(PHOTO))
    assert 'alt="The hall"' in html and 'width="1200" height="900"' in html
    assert 'loading="lazy"' in html and "fetchpriority" not in html
    assert '<img class="placeholder" src="data:image/webp;base64,xyz" alt=""' in html
    assert "style=" not in html and "<script" not in html
    first = shown(LOCAL.of(PHOTO), priority=True)
    assert 'fetchpriority="high"' in first and "loading=" not in first


def test_words_are_words() -> None:
    picture = LOCAL.of(image(*PHOTO.renditions, alt='"><script>alert(1)</script>'))
    assert "<script" not in shown(picture)


def test_a_hero_has_another_cut_for_narrow_screens() -> None:
    picture = LOCAL.of(HERO, narrow="tall")
    assert picture is not None
    assert [(source.media_type, source.media) for source in picture.sources] == [
        ("image/avif", "(max-width: 640px)"),
        ("image/jpeg", "(max-width: 640px)"),
        ("image/avif", ""),
    ]
    assert "/media/ab/tall400.avif 400w" in picture.sources[0].srcset
    assert (picture.sources[0].width_px, picture.sources[0].height_px) == (800, 1000)
    assert (picture.width_px, picture.height_px) == (2000, 1000) and "wide" in picture.src


@pytest.mark.parametrize(
    "nothing", [None, image(alt="x"), image(*PHOTO.renditions, alt=""), image(file("whole", "avif", 400, 300))]
)
def test_what_is_not_made_or_not_described_is_not_shown(nothing: Image | None) -> None:
    assert LOCAL.of(nothing) is None


def test_a_cdn_stands_before_every_address() -> None:
    picture = CDN.of(PHOTO)
    assert picture is not None and picture.src == "https://cdn.example/gym/ab/whole800.jpg"
    assert (CDN.origin, LOCAL.origin, CLOUD.origin) == ("https://cdn.example", None, "https://res.cloudinary.com")
    assert LOCAL.absolute_address("ab/x.jpg") == "https://spirit.example/media/ab/x.jpg"
    assert LOCAL.absolute_origin == SITE


def test_cloudinary_fetches_the_largest_and_makes_the_sizes() -> None:
    picture = CLOUD.of(PHOTO)
    assert picture is not None and list(picture.sources) == []
    fetched = "https://spirit.example/media/ab/whole1200.jpg"
    assert f"https://res.cloudinary.com/spirit/image/fetch/c_limit,w_400,q_auto,f_auto/{fetched} 400w" in picture.srcset
    hero = CLOUD.of(HERO, narrow="tall")
    assert hero is not None and [source.media for source in hero.sources] == ["(max-width: 640px)"]
    assert "type=" not in shown(hero)


def test_an_optimised_address_says_what_was_asked_for() -> None:
    url = CLOUD.get_optimized_image_url("ab/x y.jpg", width=300, height=200, quality=70, format="avif", crop="fill")
    assert url == (
        "https://res.cloudinary.com/spirit/image/fetch/c_fill,w_300,h_200,q_70,f_avif/"
        "https://spirit.example/media/ab/x%20y.jpg"
    )
    assert LOCAL.get_optimized_image_url("ab/x.jpg", width=300) == "https://spirit.example/media/ab/x.jpg"


@pytest.mark.parametrize(
    "wrong",
    [{"crop": "explode"}, {"width": 0}, {"height": -1}, {"quality": 101}, {"quality": "best"}, {"format": "a/b"}],
)
def test_what_cloudinary_does_not_know_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="is"):
        CLOUD.get_optimized_image_url("ab/x.jpg", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value", ["cdn.example", "ftp://cdn.example", "cloudinary:", "cloudinary:a/b", "https://x?y=1"]
)
def test_a_wrong_address_of_a_cdn_is_named(value: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.errors import SettingInvalid

    monkeypatch.setenv("SPIRIT_MEDIA_BASE_URL", value)
    with pytest.raises(SettingInvalid, match="SPIRIT_MEDIA_BASE_URL is"):
        load_settings(_env_file=None, data_dir=tmp_path)


def test_the_default_delivery_is_the_site_itself() -> None:
    assert delivery_for("https://spirit.example/media", base_url=SITE) == Delivery("/media", f"{SITE}/media")
