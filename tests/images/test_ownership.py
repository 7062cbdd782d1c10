"""A storage knows whose it is: a drill that was restored beside the real gym removes nothing there."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.bootstrap import build
from core.gym.models import the_gym
from core.images import storage_cleanup, storage_ownership
from core.images.models import RetiredOriginal
from core.images.uploads import original_path
from core.ops.backup import back_up, restore
from core.outbox import messages
from core.platform import clock
from core.platform.services import Services
from core.platform.settings import load_settings
from core.platform.storage import OWNER

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PHOTO = original_path("ab" * 32)
A_YEAR = timedelta(days=365)


def put_long_ago(services: Services, path: str) -> None:
    services.originals.put(path, b"a photo", media_type="image/jpeg")
    assert services.originals.folder is not None
    long_ago = (clock.now() - A_YEAR).timestamp()
    os.utime(services.originals.folder / path, (long_ago, long_ago))


def drill_of(services: Services, folder: Path) -> Services:
    """Restored from a backup into a place of its own; the storages are those of the real gym."""
    back_up(services, folder / "gym.backup")
    settings = load_settings(
        _env_file=None, data_dir=folder / "drill", secret_key="a-drill-has-a-key-of-its-own", telemetry=False
    )
    restore(settings, folder / "gym.backup")
    return replace(build(settings), media=services.media, originals=services.originals)


@sqlite_only
def test_a_drill_removes_nothing_from_the_real_gyms_storage(services: Services, tmp_path: Path) -> None:
    assert storage_cleanup.sweep_orphans(services).withheld is None
    drill = drill_of(services, tmp_path)
    put_long_ago(drill, PHOTO)  # a photo that the real gym got after the backup

    assert "held" in (storage_cleanup.sweep_orphans(drill).withheld or "")
    drill.database.transact(lambda tx: messages.release(tx.session, now=tx.now))
    assert "another gym" in (storage_cleanup.sweep_orphans(drill).withheld or "")
    assert drill.originals.get(PHOTO) == b"a photo"

    storage_ownership.claim(drill)
    assert storage_cleanup.sweep_orphans(drill).originals == [PHOTO]
    assert "another gym" in (storage_cleanup.sweep_orphans(services).withheld or "")


@sqlite_only
def test_a_drill_claims_no_storage_that_nobody_has_marked_yet(services: Services, tmp_path: Path) -> None:
    drill = drill_of(services, tmp_path)
    put_long_ago(drill, PHOTO)
    drill.database.transact(lambda tx: messages.release(tx.session, now=tx.now))
    assert "another gym" in (storage_cleanup.sweep_orphans(drill).withheld or "")
    assert drill.originals.get(PHOTO) == b"a photo"


def test_nothing_is_removed_while_everything_is_held(services: Services) -> None:
    put_long_ago(services, PHOTO)
    services.database.transact(lambda tx: messages.hold(tx.session, now=tx.now))
    assert storage_cleanup.sweep_orphans(services).originals == ()
    services.database.transact(lambda tx: messages.release(tx.session, now=tx.now))
    assert storage_cleanup.sweep_orphans(services).originals == [PHOTO]


def test_an_original_outlives_its_photo_as_long_as_a_backup_may_name_it(services: Services) -> None:
    put_long_ago(services, PHOTO)
    with services.database.write() as transaction:
        transaction.session.add(RetiredOriginal(original_hash="ab" * 32, retired_at=transaction.now))
    assert storage_cleanup.sweep_orphans(services).originals == []
    assert storage_cleanup.sweep_orphans(services, grace=timedelta(seconds=-60)).originals == [PHOTO]


def test_a_gym_marks_its_storages_once_and_the_mark_is_no_orphan(services: Services) -> None:
    storage_cleanup.sweep_orphans(services)
    with services.database.read() as session:
        storage_id = the_gym(session).storage_id
    assert services.originals.get(OWNER).decode() == services.media.get(OWNER).decode() == storage_id
    storage_cleanup.sweep_orphans(services, grace=timedelta(seconds=-60))
    assert services.originals.get(OWNER).decode() == storage_id
