"""
Finds dead code, with vulture: what nothing uses, and what only tests use.

    python -m tests.support.dead_code     one line each; ends with 1 if there is any

It looks twice: at the application alone, so that a function which only its tests call is found, then at the tests too.
ALLOWED names what is used where vulture cannot see it. An entry that is no longer needed is reported like dead code.
"""

import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from vulture import Vulture
from vulture.core import Item

APPLICATION = ["core", "analytics", "public_site", "console", "tasks.py"]
READ_BY_NAME = (
    *("/core/migrations/versions/", "/tests/bench/peer/"),  # by Alembic and Django
    *("/console/web/schemas.py", "/public_site/schemas.py"),  # pydantic writes every field of an answer
    "/tests/wrong_arguments.py",  # read by mypy alone, and never run
    "/core/telemetry/log_rows.py",  # a field is a column of the monitor's store
)
TEMPLATES = ("*.html", "*.j2", "*.css")
IN_BRACES = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
NAMED_IN_TESTS = (
    re.compile(r"@pytest\.fixture\([^)]*autouse=True[^)]*\)\s+def (\w+)"),  # pytest calls it unasked
    re.compile(r"\"(\w+)\""),  # usefixtures, monkeypatch.setattr, fields of a form
)

# Whoever decorates a function so will call it.
CALLED_BY_DECORATOR = [
    *("@*.command", "@*.callback"),  # Typer
    *("@field_validator", "@model_validator", "@validates"),  # pydantic, SQLAlchemy
    *("@queue.signal", "@event.listens_for"),  # Huey, SQLAlchemy
    *("@facts_of", "@common_facts_of"),  # the table of facts (core/mail/facts.py)
    *("@rule", "@invariant", "@initialize", "@precondition"),  # Hypothesis's state machine
]

# name or pattern: why it stays
ALLOWED = {
    # Asked for by name.
    "create_app": "uvicorn loads it by name (core/ops/cli/serving.py)",
    "GuardedConnection": "uvicorn loads it by name (core/ops/cli/serving.py)",
    "ErrorHandler": "logging.config loads it by name (core/ops/logs.py)",
    "cron_secret": "the policy of a route names the setting",
    "jpeg": "a rendition's format is the name of its quality (core/images/recipes.py)",
    "avif": "the same",
    "webp": "the same",
    "*_min": "columns of alert_rule, read by the names of their fields (choices.py)",
    # Read or called by a library.
    "__call__": "mypy: the shape of a function (typing.Protocol)",
    "model_config": "pydantic",
    "handler": "the same: an argument of __get_pydantic_core_schema__",
    "field_title_should_be_set": "the same: its generator of JSON schemas",
    "type_annotation_map": "SQLAlchemy's declarative base",
    "impl": "SQLAlchemy's TypeDecorator",
    "cache_ok": "the same",
    "load_dialect_impl": "the same",
    "process_bind_param": "the same",
    "process_result_value": "the same",
    "isolation_level": "sqlite3's connection",
    "_get_socket": "smtplib calls it",
    "command_encoding": "smtplib reads it",
    "sock": "http.client reads it",
    "redirect_slashes": "Starlette's router",
    "MAX_IMAGE_PIXELS": "Pillow",
    "pytestmark": "pytest",
    "pytest_*": "the same",
    "teardown": "Hypothesis's state machine",
    "handle_*": "aiosmtpd and html.parser",
    "host_name": "aiosmtpd's session",
    "do_POST": "http.server",
    "log_message": "http.server",
    "should_exit": "uvicorn's server",
    "tempdir": "the tempfile module",
    "export": "OpenTelemetry's exporter",
    "capture_envelope": "Sentry's transport",
    "bytes_read": "a protocol buffer of Streamlit's",
    "is_auto_rerun": "the same",
    # Arguments that a caller gives and we do not need.
    "executemany": "SQLAlchemy's event",
    "remaining": "sqlite3's progress of a backup",
    "logger": "structlog's processors",
    "mechanism": "aiosmtpd's authenticator",
    # Written, and read by people or by the database.
    "replaced_at": "a column that tells an admin who looks at the database when a link was replaced",
    "probed_at": "a column that readiness writes, to see that it can",
    "variant": "a column of the first tables, empty so far",
    # Used by tests alone, and of no use elsewhere.
    "PASSES": "what sweep() does; a test compares it with the timetable",
    "armed": "arms a failpoint of this process; another process is armed by its environment",
    "env_example": "the text of .env.example; a test compares them, and says how to write the file",
    "sign_in_with_password": "both steps of a sign-in, without the wait between them",
}


def dead_code() -> Iterator[str]:
    """One line for each piece of dead code, and for each entry of ALLOWED that nothing needs."""
    found = list(_unused())
    for item in found:
        if not any(fnmatchcase(item.name, pattern) for pattern in ALLOWED):
            yield f"{item.filename}:{item.first_lineno}: {item.message}"
    for pattern in ALLOWED:
        if not any(fnmatchcase(item.name, pattern) for item in found):
            yield f"{__file__}: {pattern!r} needs no permission any more"


def _unused() -> Iterator[Item]:
    """What the application alone does not use, then what the tests do not use of themselves."""
    vulture = Vulture(ignore_decorators=CALLED_BY_DECORATOR)
    vulture.used_names.update(_words_of_templates())
    vulture.scavenge(APPLICATION)
    found = vulture.get_unused_code()
    tests = Path("tests").resolve()
    vulture.used_names.update(_names_in_tests())
    vulture.scavenge([tests])
    found += [item for item in vulture.get_unused_code() if item.filename.is_relative_to(tests)]
    yield from (item for item in found if not any(place in item.filename.as_posix() for place in READ_BY_NAME))


def _words_of_templates() -> set[str]:
    """A template may use what it names: fields of views, mail facts, constants."""
    files = (file for kind in TEMPLATES for front in APPLICATION for file in Path(front).rglob(kind))
    return {word for file in files for part in IN_BRACES.findall(file.read_text()) for word in re.findall(r"\w+", part)}


def _names_in_tests() -> set[str]:
    """What tests ask for by name: in quotes, or by a fixture that no argument asks for."""
    texts = [file.read_text() for file in Path("tests").rglob("*.py") if file.name != Path(__file__).name]
    return {name for text in texts for named in NAMED_IN_TESTS for name in named.findall(text)}


if __name__ == "__main__":
    lines = list(dead_code())
    print(*lines, sep="\n", end="\n" if lines else "")
    sys.exit(bool(lines))
