"""Pictures at addresses that never mean another file; and nothing else at any."""

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.platform.services import Services
from core.platform.storage import FOR_EVER, storage_at
from public_site.app import create_app
from tests.public_site.conftest import Gym
from tests.support.s3 import KEYS, after, s3_server

NAME = "ab" * 20
PATH = f"ab/{NAME}.avif"
sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def gym_with_a_picture(gym: Gym) -> Gym:
    gym.services.media.put(PATH, bytes(range(200)), media_type="image/avif")
    return gym


@sqlite_only
def test_a_picture_is_kept_for_ever_and_can_do_nothing(gym_with_a_picture: Gym) -> None:
    answer = gym_with_a_picture.get(f"/media/{PATH}")
    assert answer.status_code == 200 and answer.content == bytes(range(200))
    assert answer.headers.get_list("content-type") == ["image/avif"]
    assert answer.headers["cache-control"] == FOR_EVER and answer.headers["etag"] == f'"{NAME}"'
    assert answer.headers.get_list("content-security-policy") == ["default-src 'none'; sandbox"]
    assert answer.headers.get_list("cross-origin-resource-policy") == ["cross-origin"]
    assert answer.headers["x-content-type-options"] == "nosniff" and "set-cookie" not in answer.headers


@sqlite_only
def test_a_browser_that_has_a_picture_gets_304(gym_with_a_picture: Gym) -> None:
    answer = gym_with_a_picture.get(f"/media/{PATH}", headers={"If-None-Match": f'"{NAME}"'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["cache-control"] == FOR_EVER


@sqlite_only
def test_a_range_of_a_picture_is_sent_alone(gym_with_a_picture: Gym) -> None:
    answer = gym_with_a_picture.get(f"/media/{PATH}", headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))
    assert answer.headers["content-range"] == "bytes 10-19/200"
    assert gym_with_a_picture.get(f"/media/{PATH}", headers={"Range": "bytes=500-"}).status_code == 416
    many = ",".join(f"{at}-{at}" for at in range(5_000))
    assert gym_with_a_picture.get(f"/media/{PATH}", headers={"Range": f"bytes={many}"}).status_code in (200, 206, 416)


@pytest.mark.parametrize(
    "path",
    [
        "ab/../../spirit.db",
        "..%2fspirit.db",
        "%2e%2e/%2e%2e/etc/passwd",
        f"cd/{NAME}.avif",
        f"ab/{NAME}.svg",
        f"ab/{NAME}.avif/",
        f"ab/{NAME.upper()}.avif",
        f"ab/{NAME}",
        "doctor/abc",
        "",
        f"ab/{'ab' * 19}ac.jpg",
    ],
)
@sqlite_only
def test_only_names_that_we_give_are_looked_for(gym_with_a_picture: Gym, path: str) -> None:
    answer = gym_with_a_picture.get(f"/media/{path}")
    assert answer.status_code == 404 and "root:" not in answer.text


@sqlite_only
def test_originals_have_no_address(gym_with_a_picture: Gym) -> None:
    gym_with_a_picture.services.originals.put(f"ab/{NAME}", b"private", media_type="image/jpeg")
    for path in (f"ab/{NAME}", f"../originals/ab/{NAME}", f"ab/{NAME}.jpg"):
        assert gym_with_a_picture.get(f"/media/{path}").status_code == 404


@sqlite_only
def test_nothing_is_changed_by_any_other_verb(gym_with_a_picture: Gym) -> None:
    for verb in ("POST", "PUT", "DELETE"):
        assert gym_with_a_picture.client.request(verb, f"/media/{PATH}").status_code == 405


@sqlite_only
def test_a_bucket_without_a_cdn_is_served_by_the_site(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with s3_server() as server:
        server.make_bucket("gym")
        media = storage_at(server.url("gym"), variable="SPIRIT_MEDIA_URL")
        media.put(PATH, b"from the bucket", media_type="image/avif")
        app = create_app(replace(services, media=media))
        with TestClient(app, base_url=services.settings.base_url) as client:
            answer = client.get(f"/media/{PATH}")
            assert (answer.status_code, answer.content) == (200, b"from the bucket")
            assert answer.headers["content-type"] == "image/avif" and answer.headers["cache-control"] == FOR_EVER
            assert client.get(f"/media/cd/{'cd' * 20}.jpg").status_code == 404
            server.faults.append(after(0, 503, method="GET"))
            assert client.get(f"/media/{PATH}").status_code == 503


@sqlite_only
def test_pages_allow_pictures_from_where_they_are_and_from_nowhere_else(services: Services, tmp_path: Path) -> None:
    for base, allowed in {
        "": "img-src 'self' data:;",
        "https://pictures.example.org/gym": "img-src 'self' data: https://pictures.example.org;",
        "cloudinary:spirit": "img-src 'self' data: https://res.cloudinary.com;",
    }.items():
        settings = services.settings.model_copy(update={"media_base_url": base})
        with TestClient(
            create_app(replace(services, settings=settings)), base_url=services.settings.base_url
        ) as client:
            assert allowed in client.get("/").headers["content-security-policy"] + ";"
