"""Files lie in a folder or in a bucket, and it makes no difference, also when they cannot."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.demo.small_gym import load_demo
from core.errors import SettingInvalid
from core.images.models import Image, ImageState
from core.platform import storage as storages
from core.platform.services import Services
from core.platform.settings import load_settings
from core.platform.storage import AWAY, FOR_EVER, NOTHING_TAKEN_IN, PRIVATE, Storage, StorageUnavailable, storage_at
from tests.images.conftest import Gallery
from tests.images.photos import jpeg
from tests.support.s3 import KEYS, Server, after, s3_server

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """A bucket of the test's own, on a server in good health."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(storages, "ALL_TRIES_WITHIN", timedelta(seconds=2))
    name = f"b{abs(hash(request.node.name)) % 10**9}"
    server.make_bucket(name)
    yield name
    server.faults.clear()


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return storage_at(f"file://{tmp_path}/media", variable="SPIRIT_MEDIA_URL")
    server, bucket = request.getfixturevalue("server"), request.getfixturevalue("bucket")
    return storage_at(server.url(bucket, "pictures/of the gym"), variable="SPIRIT_MEDIA_URL")


def test_a_file_is_kept_found_listed_and_removed(storage: Storage) -> None:
    storage.put("ab/one.jpg", b"first", media_type="image/jpeg")
    storage.put("cd/two.avif", b"second", media_type="image/avif")
    storage.put("ab/one.jpg", b"again", media_type="image/jpeg")
    assert storage.get("ab/one.jpg") == b"again"
    assert (storage.size_of("cd/two.avif"), storage.size_of("ab/none.jpg")) == (6, None)
    assert {file.path: file.size_bytes for file in storage.files()} == {"ab/one.jpg": 5, "cd/two.avif": 6}
    storage.remove("ab/one.jpg")
    storage.remove("ab/one.jpg")
    with pytest.raises(FileNotFoundError):
        storage.get("ab/one.jpg")


def test_a_large_file_goes_in_parts(storage: Storage) -> None:
    data = bytes(range(256)) * 50_000
    storage.put("ab/large", data, media_type="image/jpeg")
    assert storage.get("ab/large") == data


def test_no_path_leads_outside(storage: Storage) -> None:
    for path in ("../outside", "ab/../../outside", "/../outside"):
        with pytest.raises(StorageUnavailable):
            storage.put(path, b"", media_type="image/jpeg")


def test_a_bucket_keeps_type_and_caching_of_every_file(server: Server, bucket: str) -> None:
    storage = storage_at(server.url(bucket), variable="SPIRIT_MEDIA_URL")
    storage.put("ab/one.jpg", b"first", media_type="image/jpeg")
    storage.put("ab/large.avif", bytes(12 << 20), media_type="image/avif")
    storage.put("ab/original", b"private", media_type="image/png", caching=PRIVATE)
    kept = {key: (one.content_type, one.cache_control) for key, one in server.objects(bucket).items()}
    assert kept == {
        "ab/one.jpg": ("image/jpeg", FOR_EVER),
        "ab/large.avif": ("image/avif", FOR_EVER),
        "ab/original": ("image/png", PRIVATE),
    }


def test_originals_can_be_opened_by_their_owner_only(tmp_path: Path) -> None:
    storage_at(f"file://{tmp_path}/originals", variable="SPIRIT_ORIGINALS_URL", private=True)
    assert (tmp_path / "originals").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("url", ["s3://", "s3://bucket?region=x&color=blue", "ftp://bucket", "bucket"])
def test_an_address_that_cannot_be_read_is_named(url: str) -> None:
    with pytest.raises(SettingInvalid, match="SPIRIT_MEDIA_URL is"):
        storage_at(url, variable="SPIRIT_MEDIA_URL")


@pytest.mark.parametrize(
    ("media", "originals"),
    [
        ("file:///srv/media", "file:///srv/media"),
        ("file:///srv/media", "file:///srv/media/originals"),
        ("file:///srv/media/", "file:///srv/x/../media/originals"),
        ("s3://bucket/media", "s3://bucket/media/originals?region=eu-west-1"),
        ("s3://bucket", "s3://bucket/originals"),
    ],
)
def test_originals_inside_the_media_stop_the_start(media: str, originals: str, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="lies inside"):
        load_settings(_env_file=None, data_dir=tmp_path, media_url=media, originals_url=originals)


def test_originals_beside_the_media_are_well(tmp_path: Path) -> None:
    for media, originals in (
        ("file:///srv/media", "file:///srv/media-originals"),
        ("s3://bucket/media", "s3://bucket/media2"),
        ("s3://bucket/media", "s3://other/media/x"),
    ):
        load_settings(_env_file=None, data_dir=tmp_path, media_url=media, originals_url=originals)


def test_originals_by_default_inside_a_chosen_media_folder_stop_the_start_too(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="lies inside"):
        load_settings(_env_file=None, data_dir=tmp_path, media_url=f"file://{tmp_path}")


# Faults ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def on_s3(gallery: Gallery, server: Server, bucket: str) -> Gallery:
    """The gallery with its pictures in a bucket."""
    services = replace(
        gallery.services,
        media=storage_at(server.url(bucket, "media"), variable="SPIRIT_MEDIA_URL"),
        originals=storage_at(server.url(bucket, "originals"), variable="SPIRIT_ORIGINALS_URL", private=True),
    )
    return replace(gallery, services=services)


def let_it_be_tried_again(gallery: Gallery) -> None:
    from core.images.models import Image

    with gallery.services.database.write() as transaction:
        for image in transaction.session.query(Image):
            image.due_at = transaction.now


@sqlite_only
def test_a_picture_goes_to_the_bucket_with_its_headers(on_s3: Gallery, server: Server, bucket: str) -> None:
    image = on_s3.made(jpeg(1300, 900))
    kept = server.objects(bucket)
    media = {key: one for key, one in kept.items() if key.startswith("media/")}
    assert {f"media/{file.path}" for file in image.renditions} == set(media)
    assert {one.cache_control for one in media.values()} == {FOR_EVER}
    assert {key.rpartition(".")[2]: one.content_type for key, one in media.items()} == {
        "jpg": "image/jpeg", "avif": "image/avif",
    }  # fmt: skip


@sqlite_only
def test_when_the_bucket_fails_after_the_third_of_eight_the_rest_follows_and_nothing_is_made_twice(
    on_s3: Gallery, server: Server, bucket: str, capfd: pytest.CaptureFixture[str]
) -> None:
    image = on_s3.send(jpeg(2600, 1950))
    server.faults.append(after(3, 500))
    assert on_s3.make().retried == 1
    assert "Traceback" not in capfd.readouterr().err  # a child that nobody listens to any more ends without a word
    assert on_s3.image(image.id).state is ImageState.WAITING
    assert on_s3.image(image.id).reason == AWAY
    assert len(on_s3.renditions(image.id)) == 3
    server.faults.clear()
    server.asked.clear()
    let_it_be_tried_again(on_s3)
    assert on_s3.make().made == 1
    assert len([path for method, path in server.asked if method == "PUT"]) == 5
    assert on_s3.image(image.id).state is ImageState.READY
    assert {f"media/{file.path}" for file in on_s3.renditions(image.id)} == {
        key for key in server.objects(bucket) if key.startswith("media/")
    }


@sqlite_only
def test_a_bucket_that_is_not_there_is_no_lost_photo(on_s3: Gallery, server: Server, bucket: str) -> None:
    """The same 404 as for a file that is not there, which would be final."""
    image = on_s3.send(jpeg(90, 60))
    nowhere = storage_at(server.url("no-such-bucket", "originals"), variable="SPIRIT_ORIGINALS_URL")
    gallery = replace(on_s3, services=replace(on_s3.services, originals=nowhere))
    assert gallery.make().retried == 1 and gallery.image(image.id).state is ImageState.WAITING


def full(method: str, path: str) -> int | None:
    return 507 if method == "PUT" else None


def forbidden(method: str, path: str) -> int | None:
    return 403


def gone(method: str, path: str) -> int | None:
    return 404 if method == "PUT" else None


@sqlite_only
@pytest.mark.parametrize("fault", [full, forbidden, gone], ids=["full", "refusing", "no such bucket"])
def test_a_bucket_that_refuses_takes_nothing_in_and_says_so(
    on_s3: Gallery, server: Server, fault: Callable[[str, str], int | None]
) -> None:
    server.faults.append(fault)
    with pytest.raises(StorageUnavailable) as refused:
        on_s3.send(jpeg())
    assert str(refused.value) == NOTHING_TAKEN_IN, "who sends a photo reads no address and no library's words"
    assert "s3://" in refused.value.detail and "\n" not in refused.value.detail
    server.faults.clear()
    assert on_s3.made(jpeg()).state is ImageState.READY


@sqlite_only
def test_a_slow_bucket_is_given_up_on_and_tried_again(
    on_s3: Gallery, server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storages, "ANSWER_WITHIN", "1s")
    slow = replace(on_s3.services, media=storage_at(server.url(bucket, "media"), variable="SPIRIT_MEDIA_URL"))
    gallery = replace(on_s3, services=slow)
    image = gallery.send(jpeg(300, 200))
    awake = threading.Event()

    def sleepy(method: str, path: str) -> int | None:
        if method == "PUT" and "/media/" in path:
            awake.wait(60)
        return None

    server.faults.append(sleepy)
    assert gallery.make().retried == 1
    awake.set()
    server.faults.clear()
    let_it_be_tried_again(gallery)
    assert gallery.make().made == 1 and gallery.image(image.id).state is ImageState.READY


@sqlite_only
def test_a_bucket_that_is_away_stops_nobody_and_at_last_the_picture_has_failed(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(storages, "ALL_TRIES_WITHIN", timedelta(seconds=0.1))
    nobody = storage_at("s3://gym/media?endpoint=http://127.0.0.1:9", variable="SPIRIT_MEDIA_URL")
    away = replace(gallery, services=replace(gallery.services, media=nobody))
    image = away.send(jpeg(90, 60))
    for _ in range(8):
        assert away.make().retried == 1
        let_it_be_tried_again(away)
    failed = away.image(image.id)
    assert failed.state is ImageState.FAILED and away.make().retried == 0
    assert failed.reason == AWAY
    again = gallery.made(jpeg(90, 60))
    assert (again.id, again.state) == (image.id, ImageState.READY)


@sqlite_only
def test_a_folder_that_cannot_be_written_is_said(services: Services, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no folder")
    with pytest.raises((StorageUnavailable, OSError)):
        storage_at(f"file://{tmp_path}/file/media", variable="SPIRIT_MEDIA_URL").put("a", b"", media_type="image/jpeg")


@sqlite_only
def test_the_demo_starts_without_pictures_where_the_bucket_refuses(
    services: Services, server: Server, bucket: str
) -> None:
    stored = {
        name: storage_at(server.url(bucket, name), variable=f"SPIRIT_{name.upper()}_URL")
        for name in ("media", "originals")
    }
    gym = replace(services, media=stored["media"], originals=stored["originals"])
    server.faults.append(forbidden)
    assert len(load_demo(gym)) == 5
    server.faults.clear()
    load_demo(gym)
    with gym.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Image)) == 8
