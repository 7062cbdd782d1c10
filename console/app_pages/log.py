"""The log, for admins: who did what, when, through which door; by person, kind and dates; and as a table."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial

import streamlit as st

from console.downloads import download
from console.remembered import note, remembered
from console.session import Staff, services, signed_in
from core import logbook
from core.errors import NotAllowed
from core.logbook import BOOKINGS, THE_REST, Entry, Question
from core.people.staff import everybody
from core.schedule.availability import at_wall_time
from core.spreadsheet import MOST_ROWS, as_csv

WHO, KIND, FIRST, LAST, PAGES = "log-who", "log-kind", "log-from", "log-to", "log-pages"
KINDS = {"Everything": None, "Bookings": BOOKINGS, "All else": THE_REST}
ANYBODY = 0
DATES = "MM/DD/YYYY"
HEADER = ("When", "Who", "What", "About", "Through")


def page() -> None:
    staff = signed_in()
    if not staff.is_admin:
        raise NotAllowed("The log is for admins.")
    st.title("Log")
    question = _question()
    before = st.session_state.setdefault(PAGES, [])
    with services().database.read() as session:
        found = logbook.entries(session, question, after=before[-1] if before else None)
    if not found:
        st.info("Nothing was done that answers this. Wider dates may help.")
        return
    shown = found[: logbook.PAGE_SIZE]
    rows = [_line(entry) for entry in shown]
    st.dataframe(rows, hide_index=True, width="stretch", height=min(36 * len(rows) + 40, 620))
    back, forward = st.columns(2)
    if before:
        back.button("Newer", on_click=before.pop)
    if len(found) > len(shown):
        forward.button("Older", on_click=before.append, args=(shown[-1].cursor,))
    made = partial(_file, question)
    download("Download as a table (CSV)", made, staff, file_name="log.csv", mime="text/csv")


def _question() -> Question:
    with services().database.read() as session:
        names = {account.id: account.name for account in everybody(session)}
    with st.expander("Filters", key="filters"):
        return _filters(names)


def _filters(names: Mapping[int, str]) -> Question:
    who, kind = st.columns(2)
    person = who.selectbox(
        "Who",
        [ANYBODY, *names],
        format_func=lambda account: names.get(account, "Anybody"),
        key=remembered(WHO, ANYBODY),
        on_change=_noted,
        args=(WHO,),
    )
    about = kind.selectbox("What", list(KINDS), key=remembered(KIND, "Everything"), on_change=_noted, args=(KIND,))
    left, right = st.columns(2)
    first = left.date_input("From", format=DATES, key=remembered(FIRST, None), on_change=_noted, args=(FIRST,))
    last = right.date_input("To", format=DATES, key=remembered(LAST, None), on_change=_noted, args=(LAST,))
    return Question(person or None, KINDS[about], _midnight(first), _midnight(last, days=1))


def _line(entry: Entry) -> dict[str, str]:
    when = entry.at.astimezone(services().settings.zone)
    return {
        "When": f"{when:%b} {when.day}, {when:%H:%M}",
        "What": f"{entry.verb}: {entry.subject}",
        "Who": entry.who,
        "Through": entry.door,
    }


def _row(entry: Entry) -> tuple[str, str, str, str, str]:
    when = f"{entry.at.astimezone(services().settings.zone):%Y-%m-%d %H:%M:%S %Z}"
    return when, entry.who, entry.verb, entry.subject, entry.door


def _file(question: Question, staff: Staff) -> bytes:
    """At most MOST_ROWS lines. Raises NotAllowed for who is no admin."""
    if not staff.is_admin:
        raise NotAllowed("The log is for admins.")
    with services().database.read() as session:
        return as_csv(HEADER, map(_row, logbook.all_entries(session, question, at_most=MOST_ROWS)))


def _noted(key: str) -> None:
    note(key)
    st.session_state[PAGES] = []


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    return at_wall_time(day + timedelta(days=days), 0, services().settings.zone) if day else None


page()
