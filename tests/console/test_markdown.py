"""What somebody typed is never Markdown: every text that Streamlit reads as such is a constant, or goes through `inert`."""

import pytest

from tests.console.markdown import Reader
from tests.console.syntax_trees import Module, module_of, modules


@pytest.mark.parametrize("module", list(modules()), ids=lambda one: one.name)
def test_every_text_that_may_be_anybodys_is_made_inert(module: Module) -> None:
    assert Reader(module).faults() == []


@pytest.mark.parametrize(
    "text",
    [
        'st.button("Open", help=group.title)',
        'right.button("Remove", help=f"Remove {view.name}")',
        "def f(booking): st.warning(f'Outside: {booking.lesson.name}')",
        "def f(error): st.error(str(error))",
        "def f(rows):\n    for row in rows: st.expander(row.name)",
        "def f(lesson):\n    label = lesson.name\n    st.checkbox(label)",
        "def _line(text): st.caption(text)\ndef g(booking): _line(booking.notes)",
        "def f(coach): act(staff, command, done=f'{coach.name} is kept.')",
        "def f(names): st.radio('Who', names)",
        "def f(names): st.tabs([name for name in names])",
        "def f(file): st.progress(0.5, file.name)",
        "def f(kind): st.metric(kind.title, 3)",
        "def f(image): st.image(address, caption=image.alt)",
        "def f(text): st.toast(text)",
    ],
)
def test_one_that_is_not_would_be_found(text: str) -> None:
    assert Reader(module_of(text)).faults()


@pytest.mark.parametrize(
    "text",
    [
        'st.button("Open", help=inert(group.title))',
        "LABELS = {1: 'One'}\ndef f(which): st.header(LABELS[which])",
        "def f(count):\n    for label, n in (('One', 1), ('Two', 2)): st.metric(label, n)",
        "def _ask(verb): st.popover(f'{verb} …')\n_ask('Delete')",
    ],
)
def test_constants_and_inert_texts_pass(text: str) -> None:
    assert Reader(module_of(text)).faults() == []
