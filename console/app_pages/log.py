"""Page Log, for admins: the audit log, filtered by person, kind and dates; CSV export."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial

import streamlit as st

from console.web.file_downloads import download
from console.widgets.pager import cursor, turn_page
from console.widgets.session import Staff, admin, admins_only, services
from console.widgets.widget_state import note, remembered
from core.ops import audit_view
from core.ops.audit_view import BOOKINGS, THE_REST, Entry, Question
from core.platform.csv_export import MAX_ROWS, as_csv
from core.schedule.availability import at_wall_time
from core.staff.members import everybody

WHO, KIND, FIRST, LAST, PAGES = "log-who", "log-kind", "log-from", "log-to", "log-pages"
KINDS = {"Everything": None, "Bookings": BOOKINGS, "All else": THE_REST}
ANYBODY = 0
DATES = "MM/DD/YYYY"
HEADER = ("When", "Who", "What", "About", "Through")


def page() -> None:
    staff = admin("The log")
    st.title("Log")
    question = _question()
    with services().database.read() as session:
        entries = audit_view.entries(session, question, after=cursor(PAGES))
    if not entries:
        st.info("Nothing was done that answers this. Wider dates may help.")
        return
    shown = entries[: audit_view.PAGE_SIZE]
    rows = [_line(entry) for entry in shown]
    st.dataframe(rows, hide_index=True, width="stretch", height=min(36 * len(rows) + 40, 620))
    turn_page(PAGES, shown[-1].cursor if len(entries) > len(shown) else None)
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
    """The CSV export, at most MAX_ROWS lines. Raises NotAllowed for who is no admin."""
    admins_only(staff, "The log")
    with services().database.read() as session:
        return as_csv(HEADER, map(_row, audit_view.all_entries(session, question, at_most=MAX_ROWS)))


def _noted(key: str) -> None:
    note(key)
    st.session_state[PAGES] = []


def _midnight(day: date | None, *, days: int = 0) -> datetime | None:
    return at_wall_time(day + timedelta(days=days), 0, services().settings.zone) if day else None


page()
