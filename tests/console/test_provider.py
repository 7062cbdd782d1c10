"""Signing in by OpenID Connect, with a real provider in a process of its own."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from httpx2 import Response

from console.web import openid_connect as way_in
from core.errors import SettingInvalid
from core.platform.settings import Settings, load_settings
from tests.console.conftest import Desk
from tests.support.provider import Provider, running_provider

BEGIN, BACK = "/sign-in/provider", "/sign-in/provider/back"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        running.knows("s-nora", email="nora@spirit.example", email_verified=True)
        running.knows("s-loose", email="omar@spirit.example", email_verified=False)
        running.knows("s-stranger", email="stranger@elsewhere.example", email_verified=True)
        yield running


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return with_provider(settings, provider.issuer)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """The provider lives in the present, and its tokens say when they were made."""
    desk.clock.move_to(datetime.fromtimestamp(time_machine.escape_hatch.time.time(), UTC))
    return desk


def with_provider(settings: Settings, issuer: str) -> Settings:
    return load_settings(
        _env_file=None,
        data_dir=settings.data_dir,
        database_url=settings.database_url,
        secret_key=settings.secret_key.get_secret_value(),
        oidc_issuer=issuer,
        oidc_client_id="console",
        oidc_client_secret="a secret of the console",
    )


def there(desk: Desk, path: str = BEGIN) -> str:
    answer = desk.get(path)
    assert answer.status_code == 302 and answer.headers["cache-control"] == "no-store"
    return str(answer.headers["location"])


def come_back(desk: Desk, address: str) -> Response:
    assert address.startswith(f"{desk.services.settings.console_url}{BACK}?")
    return desk.get(address.removeprefix(desk.services.settings.console_url))


def sign_in(desk: Desk, provider: Provider, subject: str, path: str = BEGIN) -> Response:
    return come_back(desk, provider.answers(there(desk, path), sub=subject))


def refused(answer: Response, status: int, words: str) -> None:
    assert answer.status_code == status and words in answer.text, answer.text
    assert "__Host-spirit_staff" not in answer.headers.get("set-cookie", "") and "Traceback" not in answer.text


def test_sign_in_by_provider_begins_a_session_like_every_other(desk: Desk, provider: Provider) -> None:
    assert f'href="{BEGIN}?next=/bookings"' in desk.get("/sign-in?next=/bookings").text
    answer = sign_in(desk, provider, "s-nora", f"{BEGIN}?next=/bookings")
    assert (answer.status_code, answer.headers["location"]) == (303, "/bookings")
    (session,) = desk.sessions()
    assert session.account_id == desk.account("nora").id
    assert desk.account("nora").provider_subject == f"{provider.issuer} s-nora"
    assert desk.get("/").status_code == 200
    desk.disable("nora")
    assert desk.get("/").status_code == 303


def test_the_redirect_to_the_provider_has_state_nonce_and_a_challenge_that_only_this_browser_can_meet(
    desk: Desk,
) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(there(desk)).query).items()}
    assert asked["redirect_uri"] == f"{desk.services.settings.console_url}{BACK}"
    assert asked["response_type"] == "code" and len(asked["state"]) >= 20 and len(asked["nonce"]) >= 20
    assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
    cookie = next(cookie for cookie in desk.client.cookies.jar if cookie.name == way_in.COOKIE)
    assert cookie.path == BEGIN and cookie.has_nonstandard_attr("HttpOnly")
    kept = way_in._serializer(desk.services.settings).loads(cookie.value or "")["values"]
    (state,) = [value["data"] for name, value in kept.items() if name.startswith("_state_")]
    digest = hashlib.sha256(state["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_sign_in_by_provider_redirects_to_a_path_of_ours_only(desk: Desk, provider: Provider) -> None:
    answer = sign_in(desk, provider, "s-nora", f"{BEGIN}?next=https://evil.example/")
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("subject", "words"),
    [("s-loose", "does not vouch for your e-mail address"), ("s-stranger", "there is no account for you here")],
)
def test_somebody_whom_only_the_provider_knows_reads_why_she_is_refused(
    desk: Desk, provider: Provider, subject: str, words: str
) -> None:
    refused(sign_in(desk, provider, subject), 401, words)
    assert desk.sessions() == []


def test_somebody_who_cancels_at_the_provider_may_try_again(desk: Desk, provider: Provider) -> None:
    refused(come_back(desk, provider.answers(there(desk), action="deny")), 401, "did not confirm who you are")
    assert sign_in(desk, provider, "s-nora").status_code == 303


def test_a_callback_that_this_browser_did_not_begin_signs_nobody_in(desk: Desk, provider: Provider) -> None:
    """Somebody sends her own code to another person, who would then work in the wrong account."""
    somebody_elses = provider.answers(there(desk), sub="s-nora")
    desk.client.cookies.clear()
    refused(come_back(desk, somebody_elses), 401, "begun in another browser")
    there(desk)
    refused(come_back(desk, somebody_elses), 401, "did not confirm who you are")
    assert desk.sessions() == []


def test_a_code_works_once_and_a_forged_one_never(desk: Desk, provider: Provider) -> None:
    back = provider.answers(there(desk), sub="s-nora")
    cookie = desk.client.cookies.get(way_in.COOKIE)
    assert come_back(desk, back).status_code == 303
    desk.client.cookies.clear()
    desk.client.cookies.set(way_in.COOKIE, cookie or "", path=BEGIN)
    refused(come_back(desk, back), 401, "did not confirm")
    state = parse_qs(urlsplit(there(desk)).query)["state"][0]
    refused(desk.get(f"{BACK}?code=made-up&state={state}"), 401, "did not confirm")
    assert len(desk.sessions()) == 1


def test_a_nonce_of_another_sign_in_is_refused(desk: Desk, provider: Provider) -> None:
    there_now = there(desk)
    nonce = parse_qs(urlsplit(there_now).query)["nonce"][0]
    back = provider.answers(there_now.replace(nonce, "a-nonce-of-another-sign-in"), sub="s-nora")
    refused(come_back(desk, back), 401, "did not confirm")


def test_a_callback_after_ten_minutes_is_refused(desk: Desk, provider: Provider) -> None:
    back = provider.answers(there(desk), sub="s-nora")
    desk.clock.shift(timedelta(minutes=10))
    refused(come_back(desk, back), 401, "too long ago")


def test_a_tampered_provider_cookie_signs_nobody_in(desk: Desk, provider: Provider) -> None:
    back = provider.answers(there(desk), sub="s-nora")
    head, _, signature = (desk.client.cookies.get(way_in.COOKIE) or "").rpartition(".")
    desk.client.cookies.clear()
    desk.client.cookies.set(way_in.COOKIE, f"{head}.{signature[::-1]}", path=BEGIN)
    refused(come_back(desk, back), 401, "begun in another browser")


def test_sign_in_by_provider_ends_the_browser_s_old_session(desk: Desk, provider: Provider) -> None:
    desk.become("ada")
    assert sign_in(desk, provider, "s-nora").status_code == 303
    assert [session.ended_at is None for session in desk.sessions()] == [False, True]


class TestAProviderThatIsAway:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return with_provider(settings, "http://127.0.0.1:9")

    def test_a_provider_that_is_away_is_reported_and_the_other_sign_ins_stay(self, desk: Desk) -> None:
        refused(desk.get(BEGIN), 503, "cannot be reached at the moment")
        assert desk.sign_in("nora").status_code == 303


class TestAProviderWithAnotherName:
    @pytest.fixture
    def settings(self, settings: Settings, provider: Provider) -> Settings:
        return with_provider(settings, provider.issuer.replace("127.0.0.1", "localhost") + "/")

    def test_a_provider_whose_metadata_name_another_issuer_is_not_trusted(self, desk: Desk) -> None:
        refused(desk.get(BEGIN), 503, "cannot be reached at the moment")


class TestNoProvider:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return load_settings(_env_file=None, data_dir=settings.data_dir, database_url=settings.database_url)

    def test_without_a_provider_its_addresses_and_its_link_do_not_exist(self, desk: Desk) -> None:
        assert desk.get(BEGIN).status_code == desk.get(BACK).status_code == 404
        assert "sign-in service" not in desk.get("/sign-in").text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_half_a_provider_and_one_in_the_clear_stop_the_start(settings: Settings) -> None:
    with pytest.raises(SettingInvalid, match="set together or not at all"):
        load_settings(_env_file=None, data_dir=settings.data_dir, oidc_issuer="https://id.example")
    for wrong in ("http://id.example", "id.example", "ftp://id.example"):
        with pytest.raises(SettingInvalid, match="SPIRIT_OIDC_ISSUER is"):
            load_settings(_env_file=None, data_dir=settings.data_dir, oidc_issuer=wrong)
