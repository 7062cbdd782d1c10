"""Signing in with a password or a mailed link, and how often one may try."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from core.errors import LinkExpired, NotFound, SignInRefused, SpiritError, TooMany
from core.outbox.models import MessageKind, OutboxMessage
from core.people import known_devices, sessions, sign_in, sign_in_throttle
from core.people.models import Account, SignInFailure, SignInLink, StaffSession
from core.people.sign_in import sign_in_with_password
from core.platform import clock as clock_module
from core.platform.services import Services
from core.staff.sign_in_links import ask_for_link, use_link
from tests.people.conftest import ADAS, NORAS, Staff
from tests.support.people import NOW, PASSWORD

MINUTE, INSTANT = timedelta(minutes=1), timedelta(microseconds=1)
HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"
WRONG = "rings-and-chalk"


def try_password(services: Services, email: str = NORAS, password: str = PASSWORD, *, address: str = HOME) -> str:
    return sign_in_with_password(services, email=email, password=password, address=address, user_agent="Firefox")


def try_wrongly(services: Services, times: int, *, email: str = NORAS, address: str = HOME) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            try_password(services, email, WRONG, address=address)


def who(services: Services, token: str) -> int | None:
    with services.database.read() as session:
        live = sessions.find_session(session, token, now=clock_module.now())
        return live.account_id if live else None


def count(services: Services, table: type) -> int:
    with services.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def disable(services: Services, account_id: int) -> None:
    with services.database.write() as transaction:
        transaction.session.get_one(Account, account_id).disabled_at = NOW


def mailed_token(services: Services) -> str:
    """The token of the newest mailed link, made as its mail would be."""
    with services.database.read() as session:
        link = session.scalars(select(SignInLink).order_by(SignInLink.id.desc())).first()
        assert link is not None
        return services.signer.sign_in(link.id)


def test_the_right_password_opens_a_session(services: Services, staff: Staff) -> None:
    assert who(services, try_password(services)) == staff.nora
    assert who(services, try_password(services, " NORA@Spirit.Example ")) == staff.nora
    assert count(services, StaffSession) == 2


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (NORAS, WRONG),
        (NORAS, ""),
        ("nobody@spirit.example", PASSWORD),
        (ADAS, PASSWORD),
        (ADAS, "nobody signs in with this"),
        ("", ""),
    ],
)
def test_whoever_cannot_sign_in_is_told_the_same(services: Services, staff: Staff, email: str, password: str) -> None:
    with pytest.raises(SignInRefused) as refusal:
        try_password(services, email, password)
    assert str(refusal.value) == sign_in.REFUSED
    assert count(services, StaffSession) == 0


def test_a_disabled_account_is_told_the_same(services: Services, staff: Staff) -> None:
    disable(services, staff.nora)
    with pytest.raises(SignInRefused) as refusal:
        try_password(services)
    assert str(refusal.value) == sign_in.REFUSED


def test_ten_wrong_passwords_close_an_account_for_a_quarter_of_an_hour_to_that_network_alone(
    services: Services, staff: Staff, clock: time_machine.Traveller
) -> None:
    try_wrongly(services, 10, address=ELSEWHERE)
    clock.move_to(NOW + MINUTE)
    with pytest.raises(TooMany) as refusal:
        try_password(services, address=ELSEWHERE)
    assert refusal.value.retry_after_s == 14 * 60
    clock.move_to(NOW + 15 * MINUTE - INSTANT)
    with pytest.raises(TooMany):
        try_password(services, address=ELSEWHERE)
    assert who(services, try_password(services, address=HOME)) == staff.nora
    clock.move_to(NOW + 15 * MINUTE)
    assert who(services, try_password(services, address=ELSEWHERE)) == staff.nora


def test_strangers_who_guess_from_many_networks_slow_her_down_and_never_lock_her_out(
    services: Services, staff: Staff
) -> None:
    for number in range(60):
        try_wrongly(services, 1, address=f"198.51.100.{number}")
    counted = sign_in.start_try(services, email=NORAS, address=HOME)
    assert counted.wait_s == 4.0
    assert who(services, try_password(services, address=HOME)) == staff.nora
    ask_for_link(services, email=NORAS, address=HOME)
    assert count(services, OutboxMessage) == 1, "and a mailed link has a budget of its own"


def test_each_try_for_an_account_that_many_guess_at_waits_a_little_and_at_most_four_seconds() -> None:
    assert [sign_in_throttle.wait_s(tries) for tries in (0, 9, 10, 19, 20, 39, 40, 10_000)] == [0, 0, 1, 1, 2, 2, 4, 4]


def test_a_device_that_she_signed_in_with_is_slowed_by_nobody(services: Services, staff: Staff) -> None:
    """Also in the network that the guesses come from."""
    device = known_devices.marked("", staff.nora, services.signer)
    for number in range(5):
        try_wrongly(services, 10, email=f"guess{number}@spirit.example", address=HOME)
    for number in range(60):
        try_wrongly(services, 1, address=f"198.51.100.{number}")
    with pytest.raises(TooMany):
        try_password(services, address=HOME)
    counted = sign_in.start_try(services, email=NORAS, address=HOME, device=device)
    assert counted.wait_s == 0
    assert sign_in.check_password(services, counted, email=NORAS, password=PASSWORD, user_agent="")


def test_a_device_guesses_no_more_than_a_network(services: Services, staff: Staff) -> None:
    device = known_devices.marked("", staff.nora, services.signer)
    for _ in range(10):
        sign_in.start_try(services, email=NORAS, address=HOME, device=device)
    with pytest.raises(TooMany):
        sign_in.start_try(services, email=NORAS, address=ELSEWHERE, device=device)


def test_a_device_is_known_to_the_accounts_that_signed_in_there(services: Services, staff: Staff) -> None:
    both = known_devices.marked(known_devices.marked("", staff.nora, services.signer), staff.ada, services.signer)
    assert known_devices.known(both, staff.nora, services.signer) and known_devices.known(
        both, staff.ada, services.signer
    )
    for forged in ("", "~", f"{staff.nora}.x.y", both.replace(f"{staff.ada}.", f"{staff.nora}.", 1).split("~")[0], "é"):
        assert known_devices.known(forged, staff.nora, services.signer) is None


def test_her_signing_in_gives_strangers_no_new_tries(services: Services, staff: Staff) -> None:
    try_wrongly(services, 10, address=ELSEWHERE)
    assert who(services, try_password(services, address=HOME)) == staff.nora
    with pytest.raises(TooMany):
        try_password(services, address=ELSEWHERE)


def test_an_unknown_account_is_throttled_like_a_known_one(services: Services, staff: Staff) -> None:
    try_wrongly(services, 10, email="nobody@spirit.example")
    with pytest.raises(TooMany):
        try_password(services, "nobody@spirit.example", WRONG)
    assert who(services, try_password(services)) == staff.nora


def test_an_account_is_throttled_however_it_is_typed(services: Services, staff: Staff) -> None:
    try_wrongly(services, 5, email="NORA@spirit.example")
    try_wrongly(services, 5, email=" nora@spirit.example ")
    with pytest.raises(TooMany):
        try_password(services)


def test_fifty_wrong_tries_close_an_address_for_all_accounts(services: Services, staff: Staff) -> None:
    for number in range(5):
        try_wrongly(services, 10, email=f"guess{number}@spirit.example", address=ELSEWHERE)
    with pytest.raises(TooMany):
        try_password(services, address=ELSEWHERE)
    assert who(services, try_password(services, address=HOME)) == staff.nora


def test_her_own_mistakes_are_forgotten_once_she_is_in(services: Services, staff: Staff) -> None:
    for _ in range(3):
        try_wrongly(services, 9)
        assert who(services, try_password(services)) == staff.nora


def test_many_tries_at_once_are_counted_like_many_in_a_row(services: Services, staff: Staff) -> None:
    def one_try(_: int) -> type[SpiritError]:
        try:
            try_password(services, password=WRONG)
        except SpiritError as error:
            return type(error)
        raise AssertionError("a wrong password opened a session")

    with ThreadPoolExecutor(16) as threads:
        outcomes = Counter(threads.map(one_try, range(30)))
    assert outcomes == {SignInRefused: 10, TooMany: 20}


def test_tries_are_kept_as_keyed_hashes_for_a_day(services: Services, staff: Staff) -> None:
    try_wrongly(services, 1)
    with services.database.read() as session:
        kept = session.scalars(select(SignInFailure)).one()
        assert NORAS not in kept.account_key
        assert HOME not in kept.address_key
        assert kept.account_key != kept.address_key
    for late, left in ((24 * 60 * MINUTE, 1), (24 * 60 * MINUTE + INSTANT, 0)):
        with services.database.write() as transaction:
            sign_in_throttle.forget_old_tries(transaction.session, now=NOW + late)
        assert count(services, SignInFailure) == left


def test_a_link_is_mailed_and_signs_in_once(services: Services, staff: Staff) -> None:
    ask_for_link(services, email="Ada@spirit.example ", address=HOME)
    with services.database.read() as session:
        mail = session.scalars(select(OutboxMessage)).one()
        assert (mail.kind, mail.recipient, mail.account_id) == (MessageKind.SIGN_IN, ADAS, staff.ada)
        assert mail.not_after == NOW + 10 * MINUTE
    token = mailed_token(services)
    assert who(services, use_link(services, token=token, user_agent="Phone")) == staff.ada
    for _ in range(2):
        with pytest.raises(LinkExpired):
            use_link(services, token=token, user_agent="Phone")
    assert count(services, StaffSession) == 1


def test_a_link_lives_ten_minutes(services: Services, staff: Staff, clock: time_machine.Traveller) -> None:
    ask_for_link(services, email=ADAS, address=HOME)
    token = mailed_token(services)
    clock.move_to(NOW + 10 * MINUTE)
    with pytest.raises(LinkExpired):
        use_link(services, token=token, user_agent="")
    clock.move_to(NOW + 10 * MINUTE - INSTANT)
    assert who(services, use_link(services, token=token, user_agent="")) == staff.ada


def test_a_link_opened_twice_at_once_signs_in_once(services: Services, staff: Staff) -> None:
    ask_for_link(services, email=ADAS, address=HOME)
    token = mailed_token(services)

    def open_it(_: int) -> bool:
        try:
            return bool(use_link(services, token=token, user_agent=""))
        except LinkExpired:
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(open_it, range(8))) == 1
    assert count(services, StaffSession) == 1


def test_an_unknown_address_gets_no_mail_and_is_not_told(services: Services, staff: Staff) -> None:
    for email in ("nobody@spirit.example", ADAS):
        ask_for_link(services, email=email, address=HOME)
    assert (count(services, OutboxMessage), count(services, SignInLink)) == (1, 1)


def test_a_disabled_account_gets_no_link_and_cannot_use_an_older_one(services: Services, staff: Staff) -> None:
    ask_for_link(services, email=ADAS, address=HOME)
    token = mailed_token(services)
    disable(services, staff.ada)
    ask_for_link(services, email=ADAS, address=HOME)
    assert count(services, SignInLink) == 1
    with pytest.raises(LinkExpired):
        use_link(services, token=token, user_agent="")
    assert count(services, StaffSession) == 0


def test_one_network_asks_for_ten_links(services: Services, staff: Staff) -> None:
    for _ in range(10):
        ask_for_link(services, email=ADAS, address=ELSEWHERE)
    with pytest.raises(TooMany):
        ask_for_link(services, email=ADAS, address=ELSEWHERE)
    ask_for_link(services, email=ADAS, address=HOME)
    assert count(services, OutboxMessage) == 10


def test_strangers_who_ask_in_her_name_neither_flood_her_mailbox_nor_keep_a_link_from_her(
    services: Services, staff: Staff, clock: time_machine.Traveller
) -> None:
    """At any moment she has asked, a link lies in her mailbox that works for five minutes more."""
    for second in range(0, 1200, 20):
        clock.move_to(NOW + timedelta(seconds=second))
        ask_for_link(services, email=ADAS, address=f"198.51.100.{second // 20}")
        with services.database.read() as session:
            newest = session.scalars(select(func.max(SignInLink.expires_at))).one()
        assert newest is not None and newest >= clock_module.now() + 5 * MINUTE - INSTANT
    assert count(services, OutboxMessage) <= 40


def test_a_link_that_is_not_ours_or_not_whole_is_not_found(services: Services, staff: Staff) -> None:
    ask_for_link(services, email=ADAS, address=HOME)
    token = mailed_token(services)
    other_purpose = services.signer.decide(1, 1, 1)
    for wrong in ("", "x", token[:-1], token[1:], token + "A", token.upper(), other_purpose, "é" * 20, "." * 500):
        with pytest.raises(NotFound):
            use_link(services, token=wrong, user_agent="")
    assert who(services, use_link(services, token=token, user_agent="")) == staff.ada


def test_a_link_of_a_row_that_is_gone_has_expired(services: Services, staff: Staff) -> None:
    with pytest.raises(LinkExpired):
        use_link(services, token=services.signer.sign_in(999_999), user_agent="")
