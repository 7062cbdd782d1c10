"""
The draft of a form: what its widgets were drawn with, kept while the page is open, and sent along when it is saved.

Streamlit names a widget by its default as well: drawn from the database in each run, a field would start anew whenever
somebody else saves the form, and what was typed would be gone. core.gym.edits compares what was shown with what is stored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from console.widgets.acting import act
from console.widgets.flash import say_error
from console.widgets.markdown import inert
from console.widgets.session import Staff
from core.errors import ChangedMeanwhile, NotPossible, SpiritError
from core.gym.edits import Values
from core.people.acting import Acting

DRAFTS, COUNT, PAGE = "drafts", "drafts_made", "page_of_drafts"
STILL_HERE = (
    "Everything you typed is still here. Press the button again to save yours, "
    "or press “Show what is saved now” below the form."
)


def _quoted(_: str, value: object) -> str:
    return f"“{value}”"


@dataclass
class Draft:
    """
    drawn: the values that the widgets began with, by field.
    told: what was stored at the latest refusal, for the fields that it named: saving again replaces that.
    labels, spoken: how a field, and a value of it, are said.
    """

    name: str
    number: int
    drawn: Mapping[str, Any]
    labels: Mapping[str, str]
    spoken: Callable[[str, Any], str]
    told: dict[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Of the form and its widgets: no other draft has it, so another one begins with its own values."""
        return f"{self.name}-{self.number}"

    def save(
        self, staff: Staff, command: Callable[[Acting, Values], object], *, done: str, coach: int | None = None
    ) -> None:
        """
        Run a command as `act` does. Once it is done the form is drawn from what is stored.

        Args:
            command: takes the transaction, and `shown`: what this form had shown.
        """
        shown = {**self.drawn, **self.told}
        if act(staff, lambda tx: command(tx, shown), done=done, coach=coach, refused=self._refused):
            _forget(self.name)

    def show_changes(self, stored: Mapping[str, Any]) -> None:
        """Call below the form, where nothing moves: what somebody else has saved since it was opened."""
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
            say_error(error)
            return
        self.told.update({field: stored for field, (stored, _) in error.conflicts.items()})
        both = [
            f"{self.labels[field]}: {self.spoken(field, stored)} is saved now, your form has {self.spoken(field, wanted)}."
            for field, (stored, wanted) in error.conflicts.items()
        ]
        say_error(NotPossible(" ".join([str(error), *both, STILL_HERE])))


def draft(
    name: str,
    stored: Mapping[str, Any],
    labels: Mapping[str, str],
    spoken: Callable[[str, Any], str] = _quoted,
) -> Draft:
    """The open draft of this form; the first time one of what is stored."""
    drafts = st.session_state.setdefault(DRAFTS, {})
    if name not in drafts:
        st.session_state[COUNT] = number = st.session_state.get(COUNT, 0) + 1
        drafts[name] = Draft(name, number, dict(stored), labels, spoken)
    found: Draft = drafts[name]
    return found


def forget_drafts_of_other_pages(page: str) -> None:
    """Streamlit forgets what was typed once another page is shown; the drafts go with it."""
    if st.session_state.get(PAGE) != page:
        st.session_state[PAGE] = page
        st.session_state.pop(DRAFTS, None)


def _forget(name: str) -> None:
    st.session_state.get(DRAFTS, {}).pop(name, None)
