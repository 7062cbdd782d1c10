"""Photos over HTTP: sent by those who may, counted while they come, and told of until they are there."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from console.web import photo_upload_api
from core.http.problem_json import MEDIA_TYPE
from core.images import intake
from core.images.rendition_jobs import make_due
from tests.console.conftest import OWN_PAGE, Desk
from tests.images.photos import detailed, jpeg, saved
from tests.support.databases import both_databases

UPLOAD = "/api/upload/image"
FIELDS = {
    "id", "state", "reason", "note", "type", "name", "alt", "width", "height", "bytes", "focalPoint", "progress",
    "uploadedAt", "renditions",
}  # fmt: skip
sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def send(
    desk: Desk,
    data: bytes | None = None,
    *,
    kind: str = "profile",
    alt: str = "Nora",
    name: str = "nora.jpg",
    **more: Any,
) -> Response:
    file = {"file": (name, jpeg(300, 200) if data is None else data, "image/jpeg")}
    values = {"type": kind, "alt": alt, **more.pop("values", {})}
    return desk.client.post(UPLOAD, data=values, files=file, headers={**OWN_PAGE, **more.pop("headers", {})}, **more)


def refused(answer: Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["code"] == code
    return str(answer.json()["detail"])


@both_databases
def test_a_photo_is_accepted_at_once_and_told_of_until_it_is_there(desk: Desk) -> None:
    desk.become("nora")
    answer = send(desk, name="C:\\photos\\nora.jpg")
    assert answer.status_code == 202 and answer.json()["success"] is True
    image = answer.json()["image"]
    assert set(image) == FIELDS and image["state"] == "WAITING" and image["renditions"] == []
    assert (image["name"], image["alt"], image["type"]) == ("nora.jpg", "Nora", "profile")
    assert image["progress"] == {"made": 0, "wanted": 6}
    assert desk.nudged == ["make_pictures"]
    make_due(desk.services, fine=False)
    told = desk.get(f"/api/images/{image['id']}").json()
    assert told["state"] == "READY" and told["progress"]["made"] == len(told["renditions"]) == 2
    assert {file["format"] for file in told["renditions"]} == {"jpeg", "avif"}
    assert all(file["url"].startswith(f"{desk.services.settings.base_url}/media/") for file in told["renditions"])


@sqlite_only
def test_the_same_file_again_is_the_same_image(desk: Desk) -> None:
    desk.become("ada")
    first, again = send(desk, kind="gallery"), send(desk, kind="gallery")
    assert first.json()["image"]["id"] == again.json()["image"]["id"]


@sqlite_only
def test_nobody_sends_or_sees_without_a_session_or_from_elsewhere(desk: Desk) -> None:
    refused(send(desk), 401, "sign_in")
    refused(desk.get("/api/images/1"), 401, "sign_in")
    desk.become("nora")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        refused(send(desk, headers=headers), 403, "csrf")
    assert desk.client.get(UPLOAD, follow_redirects=False).status_code in (404, 405)
    assert [*desk.services.originals.files()] == []


@sqlite_only
def test_a_coach_sends_her_own_photo_and_sees_no_others(desk: Desk) -> None:
    desk.become("ada")
    adas = send(desk, kind="product").json()["image"]["id"]
    desk.become("nora")
    refused(send(desk, kind="product"), 403, "role")
    refused(desk.get(f"/api/images/{adas}"), 404, "not_found")
    refused(desk.get("/api/images/987654"), 404, "not_found")
    refused(desk.get(f"/api/images/{2**70}"), 404, "not_found")
    assert desk.get("/api/images/one").status_code == 404


@sqlite_only
def test_what_is_no_picture_is_refused_in_a_sentence(desk: Desk) -> None:
    desk.become("nora")
    assert "no picture" in refused(send(desk, b"<svg onload=alert(1)>", name="x.jpg"), 415, "content_type")
    assert "empty" in refused(send(desk, b""), 422, "picture_rejected")
    assert "incomplete" in refused(send(desk, jpeg()[:40]), 422, "picture_rejected")
    assert [*desk.services.originals.files()] == [] and desk.nudged == []


@sqlite_only
def test_an_upload_with_wrong_fields_is_refused_with_their_names(desk: Desk) -> None:
    desk.become("nora")
    for values, field in (({"type": "poster"}, "type"), ({"alt": "x" * 301}, "alt")):
        answer = send(desk, values=values)
        refused(answer, 422, "invalid")
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    answer = desk.client.post(UPLOAD, data={"type": "profile"}, files={"photo": b"x"}, headers=OWN_PAGE)
    assert {error["field"] for error in answer.json()["errors"]} == {"photo", "file"}
    assert send(desk, values={"alt": "a\x07b"}).json()["image"]["alt"] == "ab", "what cannot be seen is dropped"


@sqlite_only
def test_only_multipart_is_read_and_only_so_many_parts(desk: Desk) -> None:
    desk.become("nora")
    refused(desk.client.post(UPLOAD, json={"file": "x"}, headers=OWN_PAGE), 415, "content_type")
    many = {f"field{number}": "x" for number in range(50)}
    refused(desk.client.post(UPLOAD, data=many, files={"file": jpeg()}, headers=OWN_PAGE), 400, "unreadable")
    two = [("file", ("a.jpg", jpeg())), ("file", ("b.jpg", jpeg()))]
    refused(desk.client.post(UPLOAD, files=two, headers=OWN_PAGE), 400, "unreadable")
    broken = {**OWN_PAGE, "Content-Type": "multipart/form-data"}
    refused(desk.client.post(UPLOAD, content=b"no boundary", headers=broken), 400, "unreadable")


@sqlite_only
def test_a_body_that_never_ends_is_left_as_soon_as_it_is_too_large(desk: Desk) -> None:
    desk.become("nora")
    boundary = "a-line-of-its-own"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n'
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield head.encode() + jpeg()
        while sent < 200 << 20:
            sent += 1 << 20
            yield bytes(1 << 20)

    headers = {**OWN_PAGE, "Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = desk.client.post(UPLOAD, content=endless(), headers=headers)
    assert "larger than 64 MB" in refused(answer, 413, "too_large")
    assert [*desk.services.originals.files()] == []


@sqlite_only
def test_a_file_just_within_the_limit_is_taken(desk: Desk) -> None:
    desk.become("nora")
    data = jpeg()
    assert send(desk, data + bytes(intake.MAX_BYTES - len(data))).status_code == 202
    refused(send(desk, data + bytes(intake.MAX_BYTES - len(data) + 1)), 413, "too_large")


@sqlite_only
def test_a_file_that_does_not_arrive_is_not_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_upload_api, "ARRIVES_WITHIN_S", -1)
    desk.become("nora")
    assert "too long to arrive" in refused(send(desk), 400, "unreadable")


@sqlite_only
def test_when_the_storage_is_away_nothing_is_taken_in(desk: Desk, tmp_path: Path) -> None:
    desk.become("nora")
    folder = desk.services.originals.folder
    assert folder is not None
    folder.rmdir()
    folder.write_bytes(b"in the way")
    refused(send(desk), 503, "unavailable")
    folder.unlink()
    folder.mkdir()
    assert send(desk).status_code == 202


@sqlite_only
def test_two_hundred_at_once_are_all_taken_in_two_in_memory_at_a_time(desk: Desk) -> None:
    desk.become("ada")
    photos = [saved(detailed(40, 30, seed), "JPEG") for seed in range(200)]
    answers: list[int] = []
    most = 0

    def sender(mine: list[bytes]) -> None:
        nonlocal most
        for data in mine:
            answers.append(send(desk, data, kind="gallery").status_code)
            most = max(most, int(photo_upload_api._in_memory.statistics().borrowed_tokens))

    senders = [threading.Thread(target=sender, args=(photos[start::10],)) for start in range(10)]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    assert answers == [202] * 200
    assert most <= 2
    assert len([*desk.services.originals.files()]) == 200
