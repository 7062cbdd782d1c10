"""
Form drafts for optimistic concurrency: the values a form was opened with, sent along when it is saved.

Streamlit names a widget by its default as well: drawn from the database in each run, a field would start anew whenever
somebody else saves the form, and what was typed would be gone. core.gym.form_merge merges three ways: shown, typed, stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from console.widgets.acting import act
from console.widgets.flash import add_error
from console.widgets.markdown import inert
from console.widgets.session import Staff
from core.errors import ChangedMeanwhile, NotPossible, SpiritError
from core.gym.form_merge import Values
from core.people.reauthorization import Acting

DRAFTS, COUNT, PAGE = "drafts", "drafts_made", "page_of_drafts"
STILL_HERE = (
    "Everything you typed is still here. Press the button again to save yours, "
    "or press “Show what is saved now” below the form."
)


def _quoted(_: str, value: object) -> str:
    return f"“{value}”"


@dataclass
class Draft:
    """One open form of one session."""

    name: str  # of the form: "gym", "lesson-3"
    number: int  # counts this session's drafts, so that each has widgets of its own
    drawn: Mapping[str, Any]  # by field, the values that the widgets began with
    labels: Mapping[str, str]  # by field, its label
    spoken: Callable[[str, Any], str]  # a field and its value, as text for people
    # by field, the stored value that the latest refusal showed: saving again overwrites it
    conflicts: dict[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The key prefix of the form and its widgets; unique, so that a new draft starts with its own values."""
        return f"{self.name}-{self.number}"

    def save(
        self, staff: Staff, command: Callable[[Acting, Values], object], *, done: str, coach: int | None = None
    ) -> None:
        """
        Run a command as `act` does. On success the form is drawn from the stored values again.

        Args:
            command: takes the transaction, and `shown`: by field, the value that the person has seen as stored.
        """
        shown = {**self.drawn, **self.conflicts}
        if act(staff, lambda tx: command(tx, shown), done=done, coach=coach, refused=self._refused):
            _forget(self.name)

    def show_changes(self, stored: Mapping[str, Any]) -> None:
        """Show the fields that somebody else has saved since the form was opened. Call below it, so that it stays put."""
        lines = [
            f"{self.labels[field]}: {self.spoken(field, stored[field])}"
            for field, value in self.drawn.items()
            if stored[field] != value
        ]
        if lines:
            st.info(inert(f"Since you opened this form it was saved elsewhere. Saved now: {'; '.join(lines)}."))
            st.button("Show what is saved now", key=f"renew-{self.key}", on_click=_forget, args=(self.name,))

    def _refused(self, error: SpiritError) -> None:
        if not isinstance(error, ChangedMeanwhile):
            add_error(error)
            return
        self.conflicts.update({field: stored for field, (stored, _) in error.conflicts.items()})
        both = [
            f"{self.labels[field]}: {self.spoken(field, stored)} is saved now, your form has {self.spoken(field, wanted)}."
            for field, (stored, wanted) in error.conflicts.items()
        ]
        add_error(NotPossible(" ".join([str(error), *both, STILL_HERE])))


def draft(
    name: str,
    stored: Mapping[str, Any],
    labels: Mapping[str, str],
    spoken: Callable[[str, Any], str] = _quoted,
) -> Draft:
    """The session's open draft of this form; on first use a new one of the stored values."""
    drafts = st.session_state.setdefault(DRAFTS, {})
    if name not in drafts:
        st.session_state[COUNT] = number = st.session_state.get(COUNT, 0) + 1
        drafts[name] = Draft(name, number, dict(stored), labels, spoken)
    open_draft: Draft = drafts[name]
    return open_draft


def forget_drafts_of_other_pages(page: str) -> None:
    """Discard all drafts when the page changes: Streamlit then forgets what was typed in their widgets as well."""
    if st.session_state.get(PAGE) != page:
        st.session_state[PAGE] = page
        st.session_state.pop(DRAFTS, None)


def _forget(name: str) -> None:
    st.session_state.get(DRAFTS, {}).pop(name, None)
