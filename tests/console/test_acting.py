"""Whoever acts is asked again at the act: no page changes anything by another way, whatever was drawn before."""

import ast
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import inspect as inspect_database
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core.people.models import Account, Role
from tests.console.conftest import Desk
from tests.console.syntax_trees import Module, called, calls, module_of, modules, of_core, writes

DOORS = {
    "widgets/acting",
    "widgets/session",
    "web/api_auth",
    "web/sign_in",
    "web/openid_connect",
}  # they prove who it is, each in its own way
BY_ITSELF = {"alerts/watchdog"}  # a thread of the process, for nobody
HANDLERS = {"on_click", "on_change", "when_ready"}
ASK_WHO_IS_HERE = {"signed_in", "find_staff", "still_signed_in"}


def ways_around(module: Module) -> list[str]:
    """Calls of this module that change something, and do not go through `console.widgets.acting` or `console.web.api_auth`."""
    found = []
    for node in calls(module.tree):
        name = called(node)
        if name.rpartition(".")[2] in ("transact", "write") or name.endswith("write_engine.begin"):
            found.append(f"{module.name}: {name}")
        command = of_core(name, module)
        if command is not None and writes(command) and not _by_whoever_acts(node):
            found.append(f"{module.name}: {name}")
    return found


def _by_whoever_acts(command: ast.Call) -> bool:
    """Whether it is told who acts as only `act`, `transact_as` and `run_as` know it: by the lambda's own parameter."""
    told = {keyword.arg: ast.unparse(keyword.value) for keyword in command.keywords}
    return told.get("by") in ("tx.by", "by")


def handlers_that_take_whoever_is_here(module: Module) -> list[str]:
    """Callbacks that ask who is signed in by now, instead of acting for the person to whom they were shown."""
    found = []
    for name in _handlers(module):
        for function in _reached(module, name):
            found += [
                f"{module.name}: {function}"
                for node in calls(module.functions[function])
                if called(node) in ASK_WHO_IS_HERE
            ]
    return found


def _handlers(module: Module) -> Iterator[str]:
    for node in calls(module.tree):
        for keyword in node.keywords:
            if keyword.arg in HANDLERS:
                yield from (name.id for name in ast.walk(keyword.value) if isinstance(name, ast.Name))


def _reached(module: Module, name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    if name not in module.functions or name in seen:
        return set()
    inner = {called(node) for node in calls(module.functions[name])}
    return {name}.union(*(_reached(module, one, seen | {name}) for one in inner))


@pytest.mark.parametrize(
    "module", [one for one in modules() if one.name not in DOORS | BY_ITSELF], ids=lambda one: one.name
)
def test_pages_change_something_only_through_the_module_acting(module: Module) -> None:
    assert ways_around(module) == []
    assert handlers_that_take_whoever_is_here(module) == []


@pytest.mark.parametrize(
    "text",
    [
        "from core.images import image_commands\ndef f(session): image_commands.delete(session, 1, by=COMMAND_LINE)",
        "from core.images.uploads import accept\ntake = lambda upload: accept(services(), upload, 1)",
        "from core.people import own_account\ndef f(): own_account.set_password(services(), 1)",
        "def f(): services().database.transact(command, by=staff.actor)",
        "def f():\n    with monitor().store.write() as connection: ...",
        "from core.people.own_account import set_sound\ndef f(session): set_sound(session, 1, on=True, now=now)",
        "from core.telemetry import error_queries\ndef f(): error_queries.resolve(store, 1, by=staff.actor, now=now)",
        "from core.images import image_commands\nact(staff, lambda tx: image_commands.delete(tx.session, 1, by=staff.actor))",
    ],
)
def test_a_change_in_another_way_would_be_found(text: str) -> None:
    assert ways_around(module_of(text))


def test_a_callback_that_acts_for_whoever_is_here_would_be_found() -> None:
    text = """
        def _forget(view): _inner(view)
        def _inner(view): act(signed_in(), forget, view)
        st.button("Remove", on_click=partial(_forget, 3))
    """
    assert handlers_that_take_whoever_is_here(module_of(text)) == ["made-up: _inner"]


def test_downloads_are_offered_in_one_module_only() -> None:
    offered = [module.name for module in modules() for node in calls(module.tree) if "download_button" in called(node)]
    assert offered == ["web/file_downloads"]


PAGES = {
    "ada": ("requests", "bookings", "times", "preferences", "my_page", "people", "gym", "images", "content", "outbox"),
    "nora": ("times", "guide", "account"),
}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("who", "page"), [(who, page) for who, pages in PAGES.items() for page in pages])
def test_no_button_of_an_open_page_does_anything_once_its_session_has_ended(desk: Desk, who: str, page: str) -> None:
    token = desk.start(who)
    app = desk.open(token, page)
    for press in _each_button(app):
        _every_session_ends(desk)
        before = _everything(desk)
        press(app)
        assert _everything(desk) == before
        assert [title.value for title in app.title] == ["You are signed out"]
        _sessions_live(desk)
        app = desk.open(token, page)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("page", ["requests", "times", "content", "people"])
def test_no_button_does_anything_once_somebody_else_is_signed_in(desk: Desk, page: str) -> None:
    hers, another = desk.start("ada"), desk.start("nora")
    app = desk.open(hers, page)
    for press in _each_button(app):
        desk.show_to(another)
        before = _everything(desk)
        press(app)
        assert _everything(desk) == before
        app = desk.open(hers, page)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("page", ["content", "people", "times", "requests"])
def test_no_button_of_an_admin_does_anything_once_she_is_no_admin(desk: Desk, page: str) -> None:
    token = desk.start("ada")
    app = desk.open(token, page)
    for press in _each_button(app):
        _role(desk, Role.COACH)
        before = _everything(desk)
        press(app)
        assert _everything(desk) == before
        _role(desk, Role.ADMIN)
        app = desk.open(token, page)


def _each_button(app: AppTest) -> list[Callable[[AppTest], object]]:
    """One of each label; a form's too."""
    labels = {button.label: number for number, button in reversed(list(enumerate(app.button)))}
    return [lambda app, number=number: app.button[number].click().run() for number in labels.values()]  # type: ignore[misc]


def _everything(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with desk.services.database.read() as session:
        tables = inspect_database(session.get_bind()).get_table_names()
        return {name: [tuple(row) for row in session.execute(text(f'SELECT * FROM "{name}"'))] for name in tables}


def _every_session_ends(desk: Desk) -> None:
    with desk.services.database.write() as transaction:
        transaction.session.execute(text("UPDATE staff_session SET ended_at = created_at"))


def _sessions_live(desk: Desk) -> None:
    with desk.services.database.write() as transaction:
        transaction.session.execute(text("UPDATE staff_session SET ended_at = NULL"))


def _role(desk: Desk, role: Role) -> None:
    with desk.services.database.write() as transaction:
        transaction.session.get_one(Account, desk.account("ada").id).role = role
