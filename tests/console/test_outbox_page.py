"""The page of mails: for admins alone, and no secret of anybody's on it, but on a developer's own machine."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

import console.widgets.session
from console.web import server, streamlit_options
from core.audit import AuditEvent
from core.bookings.decisions import Decision
from core.gym.models import the_gym
from core.mail.delivery import deliver_due
from core.mail.transports import transport_for
from core.outbox import messages
from core.outbox.messages import get_message
from core.outbox.models import MessageState
from core.platform import theme as look
from tests.console.app_reader import press
from tests.console.conftest import PAGE_LIMIT_S, Desk

SMTP = {"mail_url": "smtp://mail.example:25"}
HTTPS = {"base_url": "https://lessons.spirit.example", "console_url": "https://desk.spirit.example"}
OUTBOX = server.ENTRY.parent / "app_pages" / "outbox.py"


def test_each_mail_can_be_read(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "outbox")
    assert not app.exception
    kinds = ["reminder", "request", "request received"]
    assert sorted(app.dataframe[0].value["kind"]) == sorted(kinds * 3)
    for option in app.selectbox[0].options:
        app.selectbox[0].select(option).run()
        assert not app.exception and len(app.text) == 1, option


def test_only_the_chosen_state_is_listed(desk: Desk) -> None:
    deliver_due(desk.services)
    desk.answer("Ida", Decision.APPROVE)
    app = desk.open(desk.start("ada"), "outbox")
    for state, count in (("QUEUED", 4), ("SENT", 6), ("all", 10)):
        app.segmented_control[0].set_value(state).run()
        assert len(app.dataframe[0].value) == count, state
    app.segmented_control[0].set_value("DEAD").run()
    assert [info.value for info in app.info] == ["There is no such mail."] and not app.dataframe


@pytest.mark.parametrize("changes", [SMTP, HTTPS], ids=["a mail server", "a public address"])
def test_no_secret_is_on_the_page_unless_it_is_a_developers(desk: Desk, changes: dict[str, str]) -> None:
    secrets = secrets_of(desk)
    deliver_due(desk.services)
    settings = desk.services.settings.model_copy(update=changes)
    services = replace(desk.services, settings=settings, transport=transport_for(settings.mail_url))
    desk.monkeypatch.setattr(console.widgets.session, "services_from_environment", lambda: services)
    app = desk.open(desk.start("ada"), "outbox")
    for option in app.selectbox[0].options:
        app.selectbox[0].select(option).run()
        assert not app.exception and not app.get("link_button")
        assert "Secret links are masked." in app.caption[0].value
        assert "…" in app.text[0].value
        assert not [secret for secret in secrets if secret in everything(app)]


def test_on_a_developers_machine_the_links_of_the_file_work(desk: Desk) -> None:
    link = desk.mailed_link()
    deliver_due(desk.services)
    app = desk.open(desk.start("ada"), "outbox")
    sign_in = next(option for option in app.selectbox[0].options if "sign in" in option)
    app.selectbox[0].select(sign_in).run()
    (button,) = [button.proto for button in app.get("link_button")]
    assert button.url == desk.services.settings.console_url + link
    assert desk.post(link, {}).status_code == 303


def test_a_mail_that_was_not_written_yet_is_masked_there_too(desk: Desk) -> None:
    secrets = secrets_of(desk)
    app = desk.open(desk.start("ada"), "outbox")
    assert not [secret for secret in secrets if secret in everything(app)]


def test_a_coach_cannot_run_the_page_by_any_other_way(desk: Desk) -> None:
    desk.show_to(desk.start("nora"))
    app = AppTest.from_file(str(OUTBOX), default_timeout=PAGE_LIMIT_S).run()
    (refusal,) = app.exception
    assert refusal.proto.type.endswith("NotAllowed") and refusal.message == "The outbox is for admins."
    assert not app.dataframe and not app.selectbox and not app.text


def test_a_mail_is_searched_by_address_and_by_what_it_says(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "outbox")
    for text, count in (("OMAR@", 2), ("request received", 3), ("nobody", 0), ("%", 0), ("", 9)):
        app.text_input[0].set_value(text).run()
        assert len(app.dataframe[0].value if app.dataframe else []) == count, text


def test_all_mail_is_held_and_goes_out_again_and_the_log_knows(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "outbox")
    press(app, "Yes: hold all mail")
    assert "Mail is held" in app.warning[0].value and deliver_due(desk.services).sent == 0
    press(app, "Yes: send mail again")
    assert not app.warning and deliver_due(desk.services).sent > 0
    assert verbs(desk) == [("mail held", None), ("mail released", None)]
    assert desk.nudged == ["deliver_mail"] * 2


def test_a_mail_is_tried_again_or_dropped_each_after_asking_once(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "outbox")
    mail = app.selectbox[0].value
    assert mail is not None
    press(app, "Yes: drop this mail")
    with desk.services.database.read() as session:
        assert get_message(session, mail).state is MessageState.DROPPED
    app.selectbox[0].select(app.selectbox[0].options[0]).run()
    assert not [button for button in app.button if button.label.startswith("Yes: try")], "it was dropped for good"
    app.selectbox[0].select(app.selectbox[0].options[1]).run()
    press(app, "Yes: try this mail again")
    assert [verb for verb, _ in verbs(desk)] == ["mail dropped", "mail retried"]


def test_all_dead_mails_are_tried_again_by_one_button(desk: Desk) -> None:
    with desk.services.database.write() as transaction:
        rows = messages.list_messages(transaction.session, limit=3)
        for row in rows:
            row.state, row.finished_at = MessageState.DEAD, transaction.now
    app = desk.open(desk.start("ada"), "outbox")
    press(app, "Yes: try all 3 dead again")
    with desk.services.database.read() as session:
        assert messages.list_messages(session, state=MessageState.DEAD) == []
    assert [verb for verb, _ in verbs(desk)] == ["mail retried"] * 3
    assert not [button for button in app.button if "dead again" in button.label]


def test_a_sent_mail_is_sent_once_more(desk: Desk) -> None:
    deliver_due(desk.services)
    app = desk.open(desk.start("ada"), "outbox")
    with desk.services.database.read() as session:
        sent = messages.list_messages(session, state=MessageState.SENT)[0].id
    app.selectbox[0].select(next(option for option in app.selectbox[0].options if option.startswith(f"{sent}: "))).run()
    press(app, "Yes: send this mail again")
    with desk.services.database.read() as session:
        assert len(messages.list_messages(session, state=MessageState.QUEUED)) >= 1
    assert [verb for verb, _ in verbs(desk)] == ["mail sent again"]


def test_a_coach_who_presses_an_admin_s_button_changes_nothing(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "outbox")
    desk.show_to(desk.start("nora"))
    press(app, "Yes: hold all mail")
    with desk.services.database.read() as session:
        assert not the_gym(session).mail_held
    assert verbs(desk) == []


def verbs(desk: Desk) -> list[tuple[str, int | None]]:
    with desk.services.database.read() as session:
        rows = session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [(row.verb, row.subject_id) for row in rows]


def test_the_colours_are_the_gyms_in_the_light_and_in_the_dark(desk: Desk) -> None:
    told = streamlit_options.options(desk.services.settings)
    for scheme, colors in look.COLORS.items():
        start = f"theme.{scheme}."
        theme = {name.removeprefix(start): value for name, value in told.items() if name.startswith(start)}
        assert (theme["primaryColor"], theme["backgroundColor"]) == (colors["accent"], colors["paper"])
        assert (theme["textColor"], theme["secondaryBackgroundColor"]) == (colors["ink"], colors["card"])
        painted = {value for name, value in theme.items() if name.endswith("Color")}
        assert painted <= set(colors.values())


def secrets_of(desk: Desk) -> list[str]:
    """Whatever opens or decides something: handles, and the tokens of the links."""
    link = desk.mailed_link()
    bookings = [desk.booking(athlete) for athlete in desk.bookings]
    tokens = [desk.services.signer.decide(one.id, one.coach_id, one.slot_version) for one in bookings]
    return [one.handle for one in bookings] + tokens + [link.rpartition("/")[2]]


def everything(app: AppTest) -> str:
    """All that was sent to the browser."""
    return "\n".join([_sent(app._tree), repr([table.value.to_dict() for table in app.dataframe])])


def _sent(block: Any) -> str:
    children = getattr(block, "children", {})
    return "\n".join([str(getattr(block, "proto", "")), *(_sent(child) for child in children.values())])
