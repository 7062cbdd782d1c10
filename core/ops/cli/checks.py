"""Commands doctor and config: diagnosis, and the settings in force."""

import re

import typer
from pydantic import SecretStr

from core.bootstrap import services
from core.ops.doctor import examine
from core.platform.settings import Settings, load_settings


def add_to(app: typer.Typer) -> None:
    app.command()(doctor)
    app.command()(config)


def doctor() -> None:
    """Check what matters, a line each. Exit code 1 if something is wrong."""
    findings = examine(services())
    for finding in findings:
        print(finding)
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def config() -> None:
    """Print the settings in force, secrets masked."""
    settings = load_settings()
    for name in Settings.model_fields:
        print(f"SPIRIT_{name.upper()}={_shown(getattr(settings, name))}")


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else ""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(value)
    return re.sub(r"(://[^/@:]*:)[^/@]*@", r"\1…@", str(value))
