"""
The command line `spirit`, for whoever installs and runs the gym.

    serving.py   up, site, console, worker
    data.py      migrate, demo, sweep, archive, backup, restore, after-restore
    staff.py     create-admin, create-coach
    outbox.py    outbox list, show, retry, resend, drop, hold, release; send-test-email
    images.py    images list, verify, regenerate, claim, sweep
    checks.py    doctor, config
    __main__.py  `python -m core.ops.cli`

Web servers and the worker are started by module name: core knows none of them. What goes wrong is one line on stderr
and exit code 1; 2 is for wrong usage.
"""

import sys
from importlib import metadata
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from core.errors import SpiritError
from core.ops.cli import checks, data, images, outbox, serving, staff
from core.ops.logs import masked
from core.platform.storage import StorageUnavailable

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for part in (serving, data, staff, checks):
    part.add_to(app)
app.add_typer(outbox.app, name="outbox")
app.command()(outbox.send_test_email)
app.add_typer(images.app, name="images")


def main() -> None:
    """Run a command. A mistake is one line, never a traceback."""
    try:
        app()
    except StorageUnavailable as error:
        give_up(error.detail)
    except SpiritError as error:
        give_up(str(error))
    except SQLAlchemyError as error:
        give_up(f"The database cannot be used: {masked(str(getattr(error, 'orig', None) or error))}")
    except OSError as error:
        give_up(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def give_up(reason: str) -> None:
    """Exit with code 1 and the error on one line (the settings' faults have one each)."""
    said = reason if "\nSPIRIT_" in reason else " ".join(reason.split())
    print(f"spirit: {said}", file=sys.stderr)
    sys.exit(1)


def _say_version(asked: bool) -> None:
    if asked:
        print(f"spirit {metadata.version('spirit-athletics')}")
        raise typer.Exit


@app.callback()
def _every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say the version and stop.")
    ] = False,
) -> None:
    """Spirit Athletics: private lessons, requested and answered."""
