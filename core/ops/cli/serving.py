"""Commands that start processes: up, site, console, worker."""

import os
import resource
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from core.bootstrap import services
from core.demo.small_gym import DemoSignIn, load_demo
from core.migrations import check_schema, migrate
from core.ops import logs, processes
from core.platform.settings import Settings, load_settings, unknown_names

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Otherwise the port of its address in the settings.")]
Host = Annotated[str, typer.Option(help="The network address to listen on.")]
THIS_MACHINE = "127.0.0.1"
SITE_PORT, CONSOLE_PORT = 8000, 8501
DRAIN_S = 8
CONNECTION = "core.http.slow_clients:GuardedConnection"  # by name: core imports no web server
MAX_FILES = 65_536
FILES_OF_OUR_OWN = 256  # databases, logs, pictures
MIN_CONNECTIONS, MAX_CONNECTIONS = 64, 4_000  # above, an answer says 503 at once instead of everybody waiting


def add_to(app: typer.Typer) -> None:
    for command in (up, site, console, worker):
        app.command()(command)


def up(
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo gym if there are no coaches yet.")] = False,
    site_port: Port = None,
    console_port: Port = None,
) -> None:
    """Migrate, then run site, console and worker under one parent until Ctrl-C."""
    told = load_settings()
    _say_unknown_names()
    _address_follows("SPIRIT_BASE_URL", told.base_url, site_port)
    _address_follows("SPIRIT_CONSOLE_URL", told.console_url, console_port)
    settings = services().settings
    site_port = site_port or _port_of(settings.base_url, SITE_PORT)
    console_port = console_port or _port_of(settings.console_url, CONSOLE_PORT)
    processes.require_free_port(site_port, "--site-port")
    processes.require_free_port(console_port, "--console-port")
    logs.configure(settings)
    migrate(services().database)
    sign_ins = load_demo(services()) if demo else []
    services().database.dispose()
    processes.run(_children(site_port, console_port), environment=os.environ, ready=_welcome(settings, sign_ins))


def site(port: Port = None, host: Host = THIS_MACHINE) -> None:
    """Serve the public site."""
    settings = _begin()
    port = port or _port_of(settings.base_url, SITE_PORT)
    _serve("public_site.app:create_app", settings, factory=True, host=host, port=port, workers=settings.site_workers)


def console(port: Port = None, host: Host = THIS_MACHINE) -> None:
    """Serve the console: always one process, for it keeps its sessions in memory."""
    settings = _begin()
    port = port or _port_of(settings.console_url, CONSOLE_PORT)
    _serve(
        "console.web.server:create_app", settings, factory=True, host=host, port=port, workers=1, ws="websockets-sansio"
    )


def worker() -> None:
    """Deliver mail and expire requests until told to stop; what runs then is finished."""
    _begin()
    import_module("tasks").run_worker(services())  # by name: core imports no Huey


def say_sign_ins(sign_ins: Sequence[DemoSignIn]) -> list[str]:
    """A line for each demo account."""
    return [f"  {one.name:<16} {one.role.value.lower():<6} {one.email:<20} {one.password}" for one in sign_ins]


def _say_unknown_names() -> None:
    """What is mistyped would be left at its default, and nobody would know why."""
    for sentence in unknown_names(os.environ):
        typer.echo(sentence, err=True)


def _begin() -> Settings:
    """What every process does first: its logs, and a look at the schema."""
    processes.die_with_parent()
    settings = services().settings
    logs.configure(settings)
    if processes.SUPERVISED not in os.environ:  # their parent has said it once for all of them
        _say_unknown_names()
    database = services().database
    check_schema(database)
    database.dispose()
    if database.in_use is not None:
        database.in_use.hold()  # a process that has not been asked for anything yet is in the way of a restore too
    return settings


def _serve(application: str, settings: Settings, **options: Any) -> None:
    """No access log: addresses carry secrets. Forwarded headers count only from proxies that the settings name."""
    import_module("uvicorn").run(
        application,
        access_log=False,
        log_config=logs.standard_config(settings),
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=",".join(settings.trusted_proxies),
        timeout_graceful_shutdown=DRAIN_S,
        http=CONNECTION,
        limit_concurrency=max(MIN_CONNECTIONS, min(MAX_CONNECTIONS, _raise_file_limit() - FILES_OF_OUR_OWN)),
        **options,
    )


def _raise_file_limit() -> int:
    """Each connection is a file, and the usual soft limit of 1,024 is meant for programs that use select. Returns what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def _children(site_port: int, console_port: int) -> list[processes.Child]:
    spirit = [sys.executable, "-m", "core.ops.cli"]
    return [
        processes.Child("site", [*spirit, "site", "--port", str(site_port)], site_port),
        processes.Child("console", [*spirit, "console", "--port", str(console_port)], console_port),
        processes.Child("worker", [*spirit, "worker"]),
    ]


def _address_follows(variable: str, address: str, port: int | None) -> None:
    """On this machine itself links lead to the port that was asked for; a real address is left as it is."""
    parts = urlsplit(address)
    if port is not None and parts.scheme == "http" and parts.hostname in (THIS_MACHINE, "localhost"):
        os.environ[variable] = f"http://{parts.hostname}:{port}"


def _port_of(address: str, otherwise: int) -> int:
    """The port in the address; behind a proxy the address has none, and each process has its usual one."""
    return urlsplit(address).port or otherwise


def _welcome(settings: Settings, sign_ins: Sequence[DemoSignIn]) -> list[str]:
    lines = ["", "Spirit Athletics is open.", ""]
    lines += [f"  public site   {settings.base_url}", f"  console       {settings.console_url}"]
    if settings.mailbox_is_a_folder:
        lines += [f"  mail          {settings.mail_url.removeprefix('file://')} (one .eml a mail; also in the console)"]
    if sign_ins:
        lines += ["", "Sign in to the console as:", *say_sign_ins(sign_ins)]
    return [*lines, "", "Ctrl-C stops everything.", ""]
