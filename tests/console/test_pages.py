"""The page of requests, as each of the staff meets it: what it shows, and what its buttons bring about."""

from collections.abc import Callable
from datetime import timedelta

from streamlit.testing.v1 import AppTest

from console.widgets.markdown import inert
from core.bookings.decisions import Decision
from core.bookings.models import Booking, Status
from core.outbox.models import MessageKind
from core.platform.actor import Channel
from core.platform.db import Transaction
from tests.console.app_reader import (
    LAST_PAGES,
    PAGES_OF_A_COACH,
    PAGES_OF_AN_ADMIN,
    athletes,
    headers,
    page_names,
    texts,
    titles,
)
from tests.console.conftest import Desk

FASTER = inert(
    "Ada Moreno has already denied this request, on Monday, November 23, 9:10 am (Pacific), in the console. It was about "
    "Private tumbling for Ida, Tuesday, November 24, 4:00–5:00 pm (Pacific). Nothing was changed."
)
EXPIRED = inert(
    "This request has expired, on Tuesday, November 24, 8:00 am (Pacific), without an answer. It was about Private tumbling "
    "for Ben, Tuesday, November 24, 9:00–10:00 am (Pacific). Its time was free again then. The mail to the family is waiting "
    "to be sent."
)
NOBODY = "Nobody is waiting for an answer. New requests appear here by themselves."


def test_a_coach_sees_her_requests_the_soonest_deadline_first_and_no_other_page(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    assert not app.exception and titles(app) == ["Requests"]
    assert athletes(app) == ["Ben", "Ida"]
    assert "Phone: +1 415-555-0134" in texts(app)
    assert page_names(app) == [*PAGES_OF_A_COACH, *LAST_PAGES]
    assert "**Nora Lindqvist**" in [element.value for element in app.sidebar.markdown]


def test_an_admin_sees_everybodys_each_with_its_coach_and_the_outbox(desk: Desk) -> None:
    token = desk.start("ada")
    app = desk.open(token)
    assert not app.exception and athletes(app) == ["Ben", "Ida", "Mia"]
    assert [text for text in texts(app) if text.startswith("Coach: ")] == [
        "Coach: Nora Lindqvist", "Coach: Nora Lindqvist", "Coach: Omar Haddad",
    ]  # fmt: skip
    assert page_names(app) == [*PAGES_OF_AN_ADMIN, *LAST_PAGES]
    outbox = desk.open(token, "outbox")
    assert not outbox.exception and titles(outbox) == ["Outbox"]


def test_the_coach_approves_with_one_press(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    assert [said.value for said in app.success] == ["Ida’s lesson is approved. A mail to the family was written."]
    assert athletes(app) == ["Ben"] and "What happened lately" in headers(app)
    booking = desk.booking("Ida")
    assert (booking.status, booking.channel) == (Status.APPROVED, Channel.CONSOLE)
    assert booking.changed_by_account_id == desk.account("nora").id
    assert len(desk.mails(MessageKind.CONFIRMED)) == 1 and desk.nudged == ["deliver_mail"]
    assert not app.run().success, "it is said once"


def test_the_coach_denies_with_a_reason_that_the_family_reads(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    deny(app, desk.bookings["Ben"], "I am away on Tuesday.")
    assert [said.value for said in app.success] == ["Ben’s lesson is denied. A mail to the family was written."]
    booking = desk.booking("Ben")
    assert (booking.status, booking.denial_reason) == (Status.DENIED, "I am away on Tuesday.")
    assert len(desk.mails(MessageKind.DENIED)) == 1


def test_if_somebody_is_faster_by_a_hair_that_is_what_is_said(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    just_before_the_command(desk, lambda: desk.answer("Ida", Decision.DENY, who="ada", reason="The hall is closed."))
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    assert [said.value for said in app.error] == [FASTER]
    assert not app.success and desk.booking("Ida").status is Status.DENIED
    assert athletes(app) == ["Ben"] and desk.nudged == []


def test_if_it_expires_at_this_moment_that_is_what_is_said(desk: Desk) -> None:
    ben = desk.booking("Ben")
    assert ben.expires_at is not None
    desk.clock.move_to(ben.expires_at - timedelta(hours=1))
    app = desk.open(desk.start("nora"))
    just_before_the_command(desk, lambda: desk.clock.shift(timedelta(hours=1)))
    app.button(key=f"approve-{ben.id}").click().run()
    assert [said.value for said in app.error] == [EXPIRED]


def test_if_somebody_was_faster_than_this_page_that_is_what_is_said(desk: Desk) -> None:
    app = desk.open(desk.start("nora"))
    desk.answer("Ida", Decision.DENY, who="ada", reason="The hall is closed.")
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    assert [said.value for said in app.error] == [FASTER]


def test_a_name_that_is_markdown_is_shown_as_text(desk: Desk) -> None:
    name = "[Ida](https://evil.example)"
    with desk.services.database.write() as transaction:
        transaction.session.get_one(Booking, desk.bookings["Ida"]).athlete_name = name
    app = desk.open(desk.start("nora"))
    assert any(f"for {name}," in text for text in texts(app))
    app.button(key=f"approve-{desk.bookings['Ida']}").click().run()
    assert all("](https" not in said.value for said in app.success)


def test_an_admin_answers_for_a_coach_with_a_reason_only(desk: Desk) -> None:
    app = desk.open(desk.start("ada"))
    mia = desk.bookings["Mia"]
    assert f"approve-{mia}" not in [button.key for button in app.button], "no approval with one press"
    app = press(app, mia, "Approve", "   ")
    assert [said.value for said in app.error] == ["Please give a reason."]
    assert desk.booking("Mia").status is Status.PENDING
    app = press(app, mia, "Approve", "Omar is on the road.")
    assert [said.value for said in app.success] == ["Mia’s lesson is approved. A mail to the family was written."]
    assert desk.booking("Mia").override_reason == "Omar is on the road."
    assert len(desk.mails(MessageKind.DECIDED_BY_ADMIN)) == 1


def test_what_has_less_than_two_hours_left_is_marked(desk: Desk) -> None:
    ben = desk.booking("Ben")
    assert ben.expires_at is not None
    for left, marked in ((timedelta(hours=2), []), (timedelta(hours=1, minutes=59), ["1 hour 59 minutes left"])):
        desk.clock.move_to(ben.expires_at - left)
        app = desk.open(desk.start("nora"))
        urgent = [element.value for element in app.main.markdown if "Urgent" in element.value]
        assert len(urgent) == len(marked), left
        assert all(words in line for words, line in zip(marked, urgent, strict=True)), urgent


def test_when_nobody_waits_the_page_says_so(desk: Desk) -> None:
    desk.answer("Mia", Decision.APPROVE, who="omar")
    app = desk.open(desk.start("omar"))
    assert [info.value for info in app.info] == [NOBODY]
    assert any(text.startswith("Strength & handstands for Mia; by Omar Haddad") for text in texts(app))


def just_before_the_command(desk: Desk, happens: Callable[[], object]) -> None:
    """It happens after the page was read, and before the answer is."""
    transact = desk.services.database.transact

    def later(command: Callable[[Transaction], object], *, coach: int | None = None) -> object:
        if coach is not None:
            desk.monkeypatch.setattr(desk.services.database, "transact", transact)
            happens()
        return transact(command, coach=coach)

    desk.monkeypatch.setattr(desk.services.database, "transact", later)


def press(app: AppTest, booking: int, verb: str, reason: str) -> AppTest:
    which = f"{verb.lower()}-{booking}"
    app.text_area(key=f"reason-{which}").set_value(reason)
    return app.button(key=f"FormSubmitter:{which}-{verb} the request").click().run()


def deny(app: AppTest, booking: int, reason: str) -> AppTest:
    return press(app, booking, "Deny", reason)
