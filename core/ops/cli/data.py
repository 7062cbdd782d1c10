"""Commands on the data: migrate, demo, sweep, archive, backup, restore, after-restore."""

from pathlib import Path
from typing import Annotated

import typer

from core import migrations
from core.alerts import liveness
from core.bootstrap import services
from core.demo.big_gym import load_big_demo
from core.demo.small_gym import load_demo
from core.mail.delivery import deliver_due
from core.ops import backup as backups
from core.ops import duties, timetable
from core.ops.cli.serving import say_sign_ins
from core.ops.logs import masked
from core.ops.sweep import sweep as sweep_once
from core.ops.timetable import TIMETABLE
from core.platform import clock
from core.platform.services import Services
from core.platform.settings import load_settings
from core.telemetry import jobs
from core.telemetry.recording import recording


def add_to(app: typer.Typer) -> None:
    for command in (migrate, demo, sweep, archive, backup, restore, after_restore):
        app.command()(command)
    app.command("duties", hidden=True)(do_duties)


def migrate() -> None:
    """Bring the database to this program's schema."""
    changed = migrations.migrate(services().database)
    print("The database has this program's schema now." if changed else "The database is up to date.")


def demo(
    big: Annotated[bool, typer.Option("--big", help="Fifty coaches with two years behind them.")] = False,
) -> None:
    """Load a demo gym into an empty database; with --big a large one, its years and what the monitor saw of them."""
    migrations.check_schema(services().database)
    sign_ins = load_big_demo(services()) if big else load_demo(services())
    if big:
        from analytics.sample_traffic import make_for

        requests = make_for(services().settings)
        print(
            f"{requests:,} requests of the past year were made up for the charts."
            if requests
            else "The charts have a past already."
        )
    if sign_ins:
        print("\n".join(["Sign in to the console as:", *say_sign_ins(sign_ins)]))
    else:
        print("There are coaches already, so nothing was loaded.")


def sweep() -> None:
    """Do once whatever is due: requests, mail, alert rules, archive, storages. For machines with cron and no worker."""
    migrations.check_schema(services().database)
    with recording(services().settings, "command"):
        with jobs.run("sweep"):
            done = sweep_once(services())
        print(", ".join(f"{name} {count}" for name, count in done.items()))
        _do_duties(services())


def do_duties() -> None:
    """Do once each periodic duty whose time has come: alert rules, archive, storages. `spirit sweep` does the same."""
    migrations.check_schema(services().database)
    with recording(services().settings, "command"):
        done = _do_duties(services())
    print(", ".join(done) if done else "Nothing was due.")


def _do_duties(ready: Services) -> list[str]:
    """The passes of the timetable that `sweep_once` is not, once each. DuckDB is loaded in this process, and only if one needs it."""
    done: list[str] = []
    for one in TIMETABLE:
        if one.name in LOADS_ANALYTICS:
            done += LOADS_ANALYTICS[one.name](ready)
    return done


def _do_due_duties(ready: Services) -> list[str]:
    def archive_now(ready: Services) -> object:
        from analytics.archive import archive_now

        return archive_now(ready)

    return duties.do_due(ready, {**duties.WORK_OF_CORE, duties.ARCHIVE: archive_now})


def _evaluate_alerts(ready: Services) -> list[str]:
    """Only if nobody has evaluated within the minute. What is new is sent at once."""
    with jobs.run(timetable.ALERTS):
        _evaluate_if_due(ready)
    return []


LOADS_ANALYTICS = {timetable.ALERTS: _evaluate_alerts, timetable.DUTIES: _do_due_duties}


def _evaluate_if_due(ready: Services) -> None:
    with ready.database.read() as session:
        if not liveness.evaluation_is_due(session, now=clock.now()):
            return
    from analytics.data_sources import monitor_for
    from analytics.evaluator import evaluate_if_due

    monitor = monitor_for(ready.settings)
    try:
        done = evaluate_if_due(ready, monitor, now=clock.now(), early=liveness.EARLY)
    finally:
        monitor.store.dispose()
    if done is not None and done.changes:
        deliver_due(ready)


def archive() -> None:
    """Move what the monitor recorded into files, and remove what is too old. The worker does it every hour."""
    from analytics.archive import archive_now

    done = archive_now(services())
    print(
        f"{done.rows} rows moved, {done.merged} files merged, {done.removed} removed, {done.deleted} hot rows deleted"
    )


def backup(file: Annotated[Path, typer.Argument(help="The file to make; it must not exist.")]) -> None:
    """Copy everything into one file, consistent, while the gym runs. Keep it safe: it opens every link."""
    backups.back_up(services(), file)
    print(f"{file}: {file.stat().st_size:,} bytes. It holds the secret key; keep it as safe as the gym itself.")
    print(f"Pictures are not in it: keep what lies at {masked(services().settings.originals_url)} as well.")


KeepKeys = Annotated[bool, typer.Option("--keep-keys", help="API keys and calendar addresses go on working.")]


def restore(
    file: Annotated[Path, typer.Argument(help="Made by `spirit backup`.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Move a database that is there into a folder beside it.")
    ] = False,
    keep_keys: KeepKeys = False,
) -> None:
    """Fill an empty place from a backup; whatever has an effect outside is held until you release it."""
    said: list[str] = []
    made_at = backups.restore(load_settings(), file, replace=replace, keep_keys=keep_keys, say=said.append)
    print(f"Restored what the gym knew at {made_at}. Mail is held; when all is well: spirit outbox release")
    print("\n".join(said))


def after_restore(keep_keys: KeepKeys = False) -> None:
    """Check a database that pg_restore or a snapshot brought back, end its sessions and links, and hold its mail."""
    renewed = backups.after_restore(load_settings(), keep_keys=keep_keys)
    print("The database is whole and has this program's schema.")
    print("\n".join(renewed.sentences()))
