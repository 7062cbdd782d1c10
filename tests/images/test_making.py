"""Made once, whatever happens: killed at any step, the worker goes on from there and ends in the same files."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from core.errors import Invalid, NotAllowed, NotFound, NotPossible, PictureInUse, PictureTwice
from core.gym.models import the_gym
from core.images import image_commands, intake, recipes, rendition_jobs, storage_cleanup, uploads
from core.images.models import Image, ImageKind, ImageState, Rendition
from core.images.queries import images_of, progress_of, storage_used
from core.images.recipes import Recipe, Shape
from core.images.rendition_jobs import PicturePump, RenditionCounts
from core.images.storage_cleanup import sweep_orphans
from core.images.uploads import original_path
from core.ops.sweep import sweep
from core.platform import clock
from core.platform.actor import COMMAND_LINE
from core.platform.failpoints import armed
from core.platform.storage import Stored
from core.schedule.coach_page import set_photo
from core.schedule.models import Coach
from tests.images.conftest import Gallery
from tests.images.photos import CANARY, detailed, jpeg, saved
from tests.support.actors import as_staff

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
WORKER = "from core.bootstrap import services; from core.images.rendition_jobs import make_due; make_due(services(), fine=False)"


def test_a_photo_becomes_the_plans_four_sizes_in_two_formats(gallery: Gallery) -> None:
    image = gallery.made(jpeg(2600, 1950))
    assert image.state is ImageState.READY
    sizes = {(file.format, file.width_px, file.height_px) for file in image.renditions}
    assert sizes == {(form, width, width * 3 // 4) for form in ("jpeg", "avif") for width in (2000, 1200, 800, 400)}
    assert image.placeholder.startswith("data:image/webp;base64,")
    assert all(gallery.services.media.size_of(file.path) == file.size_bytes for file in image.renditions)


@sqlite_only
def test_each_kind_gets_the_cuts_of_its_recipe(gallery: Gallery) -> None:
    face = gallery.made(jpeg(1000, 1400), ImageKind.PROFILE)
    assert {(file.width_px, file.height_px) for file in face.renditions} == {(800, 800), (400, 400), (200, 200)}
    hero = gallery.made(jpeg(2400, 1600), ImageKind.CAMPAIGN)
    wide = {(file.width_px, file.height_px) for file in hero.renditions if file.shape == "wide"}
    tall = {(file.width_px, file.height_px) for file in hero.renditions if file.shape == "tall"}
    assert wide == {(2000, 1000), (1200, 600), (800, 400), (400, 200)}
    assert tall == {(1200, 1500), (800, 1000), (400, 500)}


# Once ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_file_twice_is_one_image(gallery: Gallery) -> None:
    first = gallery.send(jpeg(300, 200), alt="")
    again = gallery.send(jpeg(300, 200), alt="The hall", name="copy.jpg")
    assert (again.id, again.alt, again.name) == (first.id, "The hall", "photo.jpg")
    assert gallery.make().made == 1
    assert gallery.send(jpeg(300, 200)).state is ImageState.READY
    assert gallery.send(jpeg(300, 200), ImageKind.PROFILE).id != first.id
    assert len([*gallery.services.originals.files()]) == 1


def test_the_same_file_from_many_tabs_at_once_is_one_image(gallery: Gallery) -> None:
    ids: list[int] = []
    together = threading.Barrier(8)

    def tab() -> None:
        together.wait()
        ids.append(gallery.send(jpeg(300, 200)).id)

    tabs = [threading.Thread(target=tab) for _ in range(8)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join()
    assert len(ids) == 8 and len(set(ids)) == 1
    assert gallery.make() == RenditionCounts(made=1)


@sqlite_only
def test_a_second_pass_finds_nothing_to_do(gallery: Gallery) -> None:
    gallery.made(jpeg(300, 200))
    assert gallery.make() == RenditionCounts()
    assert gallery.make(fine=True) == RenditionCounts(refined=1)
    assert gallery.make(fine=True) == RenditionCounts()


def test_public_pages_are_built_anew_only_for_a_picture_that_one_of_them_shows(gallery: Gallery) -> None:
    def version() -> int:
        with gallery.services.database.read() as session:
            return the_gym(session).content_version

    face = gallery.made(jpeg(300, 300), ImageKind.PROFILE)
    before = version()
    gallery.made(jpeg(300, 200))
    assert version() == before
    with gallery.services.database.write() as transaction:
        transaction.session.get_one(Coach, gallery.coach).photo_id = face.id
    gallery.make(fine=True)
    assert version() == before + 1, "the face, and not the hall"


@sqlite_only
def test_two_passes_at_once_make_each_picture_once(gallery: Gallery) -> None:
    for width in (100, 200, 300, 400):
        gallery.send(jpeg(width, 90))
    done: list[RenditionCounts] = []
    passes = [threading.Thread(target=lambda: done.append(gallery.make())) for _ in range(2)]
    for one in passes:
        one.start()
    for one in passes:
        one.join()
    assert sum(work.made for work in done) == 4 and sum(work.retried for work in done) == 0


@sqlite_only
def test_a_ring_that_finds_the_pump_busy_makes_it_look_once_more(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    pump, passes = PicturePump(), []

    def one_pass(services: object, *, fine: bool) -> RenditionCounts:
        passes.append(fine)
        if len(passes) < 3:
            assert pump.ring(gallery.services) == RenditionCounts()
        return RenditionCounts(made=len(passes))

    monkeypatch.setattr(rendition_jobs, "make_due", one_pass)
    assert pump.ring(gallery.services) == RenditionCounts(made=3)
    assert pump.ring(gallery.services, fine=True) == RenditionCounts(made=4)
    assert passes == [False, False, False, True]


# Killed ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def killed_at(gallery: Gallery, failpoint: str) -> None:
    """A worker that dies there, at once and without a word."""
    settings = gallery.services.settings
    environment = {
        **os.environ,
        "SPIRIT_DATA_DIR": str(settings.data_dir),
        "SPIRIT_DATABASE_URL": settings.database_url,
        "SPIRIT_SECRET_KEY": settings.secret_key.get_secret_value(),
        "SPIRIT_TEST_FAILPOINTS": f"{failpoint}=kill",
    }
    ended = subprocess.run([sys.executable, "-c", WORKER], env=environment, timeout=240, check=False)
    assert ended.returncode == -9


def let_leases_run_out(gallery: Gallery) -> None:
    with gallery.services.database.write() as transaction:
        transaction.session.execute(update(Image).values(lease_until=transaction.now))


@pytest.fixture
def undisturbed(gallery: Gallery) -> set[tuple[str, str]]:
    """Path and hash of what this photo becomes when nothing happens. The gallery is empty again afterwards."""
    image = gallery.made(jpeg(850, 600))
    files = {(file.path, file.sha256) for file in image.renditions}
    gallery.services.database.transact(
        lambda tx: image_commands.delete(tx.session, image.id, by=COMMAND_LINE, now=tx.now)
    )
    storage_cleanup.sweep_orphans(gallery.services, grace=timedelta(seconds=-60))
    assert [*gallery.services.media.files()] == []
    return files


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize(
    "failpoint", ["picture_claimed", "rendition_stored", "rendition_recorded", "picture_developed"]
)
def test_a_worker_killed_at_any_step_is_followed_by_one_that_ends_in_the_same_files(
    gallery: Gallery, undisturbed: set[tuple[str, str]], failpoint: str
) -> None:
    image = gallery.send(jpeg(850, 600))
    killed_at(gallery, failpoint)
    recorded = len(gallery.renditions(image.id))
    assert recorded == {"rendition_recorded": 1, "picture_developed": len(undisturbed)}.get(failpoint, 0)
    assert gallery.image(image.id).state is ImageState.MAKING
    assert gallery.make() == RenditionCounts()  # nobody takes a picture from a worker that may be alive
    let_leases_run_out(gallery)
    assert gallery.make() == RenditionCounts(made=1)
    done = gallery.image(image.id)
    assert {(file.path, file.sha256) for file in done.renditions} == undisturbed
    assert {file.path for file in gallery.services.media.files()} == {path for path, _ in undisturbed}
    assert storage_cleanup.verify(gallery.services) == []


@sqlite_only
def test_what_was_made_before_the_kill_is_not_made_again(gallery: Gallery) -> None:
    image = gallery.send(jpeg(1300, 900))
    killed_at(gallery, "rendition_recorded")
    (first,) = gallery.renditions(image.id)
    let_leases_run_out(gallery)
    gallery.make()
    assert first.id in {row.id for row in gallery.renditions(image.id)}
    assert {row.made_at for row in gallery.renditions(image.id) if row.id == first.id} == {first.made_at}


@sqlite_only
def test_whoever_slept_through_its_lease_changes_nothing_afterwards(gallery: Gallery) -> None:
    image = gallery.send(jpeg(600, 400))
    claim = gallery.services.database.transact(lambda tx: rendition_jobs._claim(tx.session, fine=False, now=tx.now))
    assert claim is not None
    with gallery.services.database.write() as transaction:
        transaction.session.execute(update(Image).values(leased_by="another", recipe_made="by another"))
    with pytest.raises(rendition_jobs._Overtaken):
        gallery.services.database.transact(lambda tx: rendition_jobs._finish(tx.session, claim, [], None, now=tx.now))
    assert gallery.image(image.id).recipe_made == "by another"


@sqlite_only
def test_a_lease_that_ran_out_is_lost_even_to_the_same_workers_next_claim(gallery: Gallery) -> None:
    image = gallery.send(jpeg(600, 400))
    first = gallery.services.database.transact(lambda tx: rendition_jobs._claim(tx.session, fine=False, now=tx.now))
    let_leases_run_out(gallery)
    second = gallery.services.database.transact(lambda tx: rendition_jobs._claim(tx.session, fine=False, now=tx.now))
    assert first is not None and second is not None
    with pytest.raises(rendition_jobs._Overtaken):
        gallery.services.database.transact(
            lambda tx: rendition_jobs._reject(tx.session, first, "seen too late", now=tx.now)
        )
    gallery.services.database.transact(
        lambda tx: rendition_jobs._reject(tx.session, second, "seen in time", now=tx.now)
    )
    assert gallery.image(image.id).reason == "seen in time"


@sqlite_only
def test_a_mistake_of_ours_stops_that_picture_and_no_other(gallery: Gallery) -> None:
    first, second = gallery.send(jpeg(100, 90)), gallery.send(jpeg(200, 90))
    with armed(picture_developed="raise"):
        assert gallery.make() == RenditionCounts(retried=2)
    assert gallery.image(first.id).reason == rendition_jobs.NOT_OPENED_YET
    with gallery.services.database.write() as transaction:
        transaction.session.execute(update(Image).values(due_at=transaction.now))
    assert gallery.make() == RenditionCounts(made=2)
    assert gallery.image(second.id).reason is None


# Refused, replaced, changed ────────────────────────────────────────────────────────────────────────────────────────


def test_a_photo_that_breaks_while_it_is_opened_is_rejected_for_good(gallery: Gallery) -> None:
    whole = saved(detailed(900, 700), "PNG")
    image = gallery.send(whole[: len(whole) // 2])
    assert gallery.make() == RenditionCounts(rejected=1)
    rejected = gallery.image(image.id)
    assert rejected.state is ImageState.REJECTED and "incomplete or damaged" in (rejected.reason or "")
    assert gallery.make() == RenditionCounts() and [*gallery.services.media.files()] == []
    with pytest.raises(NotPossible, match="was rejected"):
        gallery.services.database.transact(
            lambda tx: image_commands.regenerate(tx.session, image.id, by=as_staff(gallery.ada), now=tx.now)
        )


@sqlite_only
def test_a_replaced_photo_keeps_its_pages_until_the_new_one_is_there(gallery: Gallery) -> None:
    image = gallery.made(jpeg(900, 600), alt="The hall")
    before = {file.path for file in image.renditions}
    uploads.replace(
        gallery.services, image.id, intake.checked(jpeg(700, 700), name="new.jpg"), by=as_staff(gallery.ada)
    )
    assert {file.path for file in gallery.image(image.id).renditions} == before
    with armed(picture_developed="raise"):
        gallery.make()
    assert {file.path for file in gallery.image(image.id).renditions} == before
    with gallery.services.database.write() as transaction:
        transaction.session.execute(update(Image).values(due_at=transaction.now))
    gallery.make()
    after = gallery.image(image.id)
    assert (after.alt, after.name, after.width_px) == ("The hall", "new.jpg", 700)
    assert not before & {file.path for file in after.renditions}
    assert all(gallery.services.media.size_of(path) for path in before)  # for pages that people have open


@sqlite_only
def test_a_broken_replacement_leaves_the_old_picture_on_its_pages(gallery: Gallery) -> None:
    image = gallery.made(jpeg(900, 600))
    before = {file.path for file in image.renditions}
    broken = saved(detailed(900, 700), "PNG")[:30_000]
    uploads.replace(gallery.services, image.id, intake.checked(broken, name="x.png"), by=as_staff(gallery.ada))
    assert gallery.make() == RenditionCounts(rejected=1)
    after = gallery.image(image.id)
    assert after.state is ImageState.REJECTED and {file.path for file in after.renditions} == before


@sqlite_only
def test_a_file_that_is_another_image_already_replaces_none(gallery: Gallery) -> None:
    one, _ = gallery.made(jpeg(300, 200)), gallery.made(jpeg(400, 200), name="twin.jpg")
    with pytest.raises(PictureTwice, match=r"twin\.jpg"):
        uploads.replace(gallery.services, one.id, intake.checked(jpeg(400, 200), name="a"), by=as_staff(gallery.ada))


@sqlite_only
def test_patience_makes_it_anew_under_another_address_and_smaller_than_the_jpeg(gallery: Gallery) -> None:
    image = gallery.made(saved(detailed(1000, 750), "JPEG", quality=92))
    quick = {file.width_px: file for file in image.renditions if file.format == "avif"}
    jpegs = {file.path: file.size_bytes for file in image.renditions if file.format == "jpeg"}
    assert gallery.make(fine=True) == RenditionCounts(refined=1)
    after = gallery.image(image.id)
    fine = {file.width_px: file for file in after.renditions if file.format == "avif"}
    assert sum(file.size_bytes for file in fine.values()) < sum(jpegs.values())
    assert {file.path for file in quick.values()}.isdisjoint(file.path for file in fine.values())
    assert {file.path for file in after.renditions if file.format == "jpeg"} == jpegs.keys()
    assert all(gallery.services.media.size_of(file.path) for file in quick.values())


@sqlite_only
def test_a_moved_focal_point_cuts_anew_and_moved_back_finds_its_cuts(gallery: Gallery) -> None:
    image = gallery.made(jpeg(1200, 500), ImageKind.PROFILE)
    first = {file.path for file in image.renditions}
    focus = image_commands.focus
    gallery.services.database.transact(
        lambda tx: focus(tx.session, image.id, 0, 50, by=as_staff(gallery.ada), now=tx.now)
    )
    assert {file.path for file in gallery.image(image.id).renditions} == first
    gallery.make()
    moved = gallery.image(image.id)
    assert first.isdisjoint(file.path for file in moved.renditions) and moved.state is ImageState.READY
    gallery.services.database.transact(
        lambda tx: focus(tx.session, image.id, 50, 50, by=as_staff(gallery.ada), now=tx.now)
    )
    before = {file.path: file.stored_at for file in gallery.services.media.files()}
    gallery.make()
    assert {file.path for file in gallery.image(image.id).renditions} == first
    assert {file.path: file.stored_at for file in gallery.services.media.files()} == before
    with pytest.raises(Invalid):
        gallery.services.database.transact(
            lambda tx: focus(tx.session, image.id, 101, 50, by=as_staff(gallery.ada), now=tx.now)
        )


@sqlite_only
def test_a_focal_point_moved_while_it_is_made_is_not_lost(gallery: Gallery) -> None:
    image = gallery.made(jpeg(1200, 500), ImageKind.PROFILE)
    gallery.services.database.transact(
        lambda tx: image_commands.focus(tx.session, image.id, 10, 50, by=as_staff(gallery.ada), now=tx.now)
    )
    claim = gallery.services.database.transact(lambda tx: rendition_jobs._claim(tx.session, fine=False, now=tx.now))
    assert claim is not None
    gallery.services.database.transact(
        lambda tx: image_commands.focus(tx.session, image.id, 90, 50, by=as_staff(gallery.ada), now=tx.now)
    )
    with pytest.raises(rendition_jobs._Overtaken):
        gallery.services.database.transact(lambda tx: rendition_jobs._finish(tx.session, claim, [], None, now=tx.now))
    assert gallery.make() == RenditionCounts(made=1)


@sqlite_only
def test_a_changed_recipe_makes_again_what_it_touches(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    product, face = gallery.made(jpeg(900, 600), ImageKind.PRODUCT), gallery.made(jpeg(900, 600), ImageKind.PROFILE)
    gallery.make(fine=True)
    before = {file.path for file in gallery.image(product.id).renditions}
    changed = {**recipes.RECIPES, "product": Recipe([Shape("whole", recipes.PLAN[2:])])}
    for module in (recipes, rendition_jobs):
        monkeypatch.setattr(module, "RECIPES", changed)
    recipes.fingerprints.cache_clear()
    try:
        assert gallery.make() == RenditionCounts(made=1)
        after = {file.path for file in gallery.image(product.id).renditions}
    finally:
        recipes.fingerprints.cache_clear()
    assert after and after < before | after and not (before - after) & after
    assert {file.width_px for file in gallery.image(product.id).renditions} == {800, 400}
    assert gallery.image(face.id).state is ImageState.READY
    assert all(gallery.services.media.size_of(path) for path in before)


@sqlite_only
def test_originals_can_be_dropped_and_then_nothing_is_made_again(gallery: Gallery) -> None:
    settings = gallery.services.settings.model_copy(update={"keep_originals": False})
    gallery.services = replace(gallery.services, settings=settings)
    image = gallery.made(jpeg(900, 600))
    assert len([*gallery.services.originals.files()]) == 1
    gallery.make(fine=True)
    assert [*gallery.services.originals.files()] == [] and not gallery.image(image.id).original_kept
    with pytest.raises(NotPossible, match="was not kept"):
        gallery.services.database.transact(
            lambda tx: image_commands.regenerate(tx.session, image.id, by=as_staff(gallery.ada), now=tx.now)
        )
    assert gallery.send(jpeg(900, 600)).original_kept


@sqlite_only
def test_a_lost_original_is_said(gallery: Gallery) -> None:
    image = gallery.send(jpeg(900, 600))
    for file in [*gallery.services.originals.files()]:
        gallery.services.originals.remove(file.path)
    assert gallery.make() == RenditionCounts(rejected=1)
    assert "send the photo again" in (gallery.image(image.id).reason or "")


# Kept in order ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_nothing_refers_to_goes_after_a_while_and_not_before(gallery: Gallery) -> None:
    image = gallery.made(jpeg(900, 600))
    stray = "ab/" + "ab" * 20 + ".jpg"
    gallery.services.media.put(stray, b"left by a crash", media_type="image/jpeg")
    gallery.make(fine=True)
    live = {file.path for file in gallery.image(image.id).renditions}
    everything = {file.path for file in gallery.services.media.files()}
    assert storage_cleanup.sweep_orphans(gallery.services).media == []
    would = storage_cleanup.sweep_orphans(gallery.services, grace=timedelta(seconds=-60), dry_run=True)
    assert set(would.media) == everything - live and stray in would.media and would.size_bytes > 0
    assert {file.path for file in gallery.services.media.files()} == everything
    assert set(storage_cleanup.sweep_orphans(gallery.services, grace=timedelta(seconds=-60)).media) == everything - live
    assert {file.path for file in gallery.services.media.files()} == live
    assert len([*gallery.services.originals.files()]) == 1


@sqlite_only
def test_a_file_shared_by_two_images_stays_while_one_needs_it(gallery: Gallery) -> None:
    product = gallery.made(jpeg(900, 600), ImageKind.PRODUCT)
    photo = gallery.made(jpeg(900, 600), ImageKind.GALLERY)
    shared = {file.path for file in product.renditions}
    assert shared == {file.path for file in photo.renditions}
    with gallery.services.database.read() as session:
        used = storage_used(session)
    assert used.renditions_bytes == sum(file.size_bytes for file in product.renditions)
    gallery.services.database.transact(
        lambda tx: image_commands.delete(tx.session, product.id, by=as_staff(gallery.ada), now=tx.now)
    )
    storage_cleanup.sweep_orphans(gallery.services, grace=timedelta(seconds=-60))
    assert {file.path for file in gallery.services.media.files()} == shared
    assert len([*gallery.services.originals.files()]) == 1


@sqlite_only
def test_what_is_missing_or_damaged_is_found_and_comes_back_at_the_same_address(gallery: Gallery) -> None:
    image = gallery.made(jpeg(900, 600))
    files = list(image.renditions)
    gallery.services.media.remove(files[0].path)
    gallery.services.media.put(files[1].path, b"x" * files[1].size_bytes, media_type="image/jpeg")
    found = {(fault.path, fault.what) for fault in storage_cleanup.verify(gallery.services)}
    assert found == {(files[0].path, "missing"), (files[1].path, "damaged")}
    storage_cleanup.forget_damaged(gallery.services, image.id)
    gallery.services.database.transact(
        lambda tx: image_commands.regenerate(tx.session, image.id, by=COMMAND_LINE, now=tx.now)
    )
    assert gallery.make() == RenditionCounts(made=1)
    assert storage_cleanup.verify(gallery.services) == []
    assert {file.path for file in gallery.image(image.id).renditions} == {file.path for file in files}


@sqlite_only
def test_deleted_files_go_and_the_photo_of_a_family_with_them(gallery: Gallery) -> None:
    image = gallery.made(jpeg(300, 200, comment=CANARY))
    gallery.services.database.transact(
        lambda tx: image_commands.delete(tx.session, image.id, by=as_staff(gallery.ada), now=tx.now)
    )
    with pytest.raises(NotFound):
        gallery.image(image.id)
    storage_cleanup.sweep_orphans(gallery.services, grace=timedelta(seconds=-60))
    assert [*gallery.services.media.files(), *gallery.services.originals.files()] == []
    with gallery.services.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Rendition)) == 0


# Who and where ─────────────────────────────────────────────────────────────────────────────────────────────────────


@sqlite_only
def test_a_picture_that_a_page_shows_is_not_deleted(gallery: Gallery) -> None:
    image = gallery.made(jpeg(900, 900), ImageKind.PROFILE)
    transact = gallery.services.database.transact
    transact(
        lambda tx: set_photo(tx.session, tx.coach, image.id, by=as_staff(gallery.ada), now=tx.now), coach=gallery.coach
    )
    with pytest.raises(PictureInUse, match=r"Nora.*'s page") as refused:
        transact(lambda tx: image_commands.delete(tx.session, image.id, by=as_staff(gallery.ada), now=tx.now))
    assert len(refused.value.uses) == 1
    with pytest.raises(Invalid, match="needs a few words"):
        transact(lambda tx: image_commands.describe(tx.session, image.id, "  ", by=as_staff(gallery.ada), now=tx.now))
    transact(
        lambda tx: set_photo(tx.session, tx.coach, None, by=as_staff(gallery.ada), now=tx.now), coach=gallery.coach
    )
    transact(lambda tx: image_commands.delete(tx.session, image.id, by=as_staff(gallery.ada), now=tx.now))


@sqlite_only
def test_only_what_is_made_described_and_meant_for_it_is_published(gallery: Gallery) -> None:
    transact = gallery.services.database.transact
    waiting = gallery.send(jpeg(900, 900), ImageKind.PROFILE)
    with pytest.raises(NotPossible, match="not ready yet"):
        transact(
            lambda tx: set_photo(tx.session, tx.coach, waiting.id, by=as_staff(gallery.ada), now=tx.now),
            coach=gallery.coach,
        )
    gallery.make()
    silent = gallery.made(jpeg(800, 900), ImageKind.PROFILE, alt="")
    with pytest.raises(NotPossible, match="what is to be seen"):
        transact(
            lambda tx: set_photo(tx.session, tx.coach, silent.id, by=as_staff(gallery.ada), now=tx.now),
            coach=gallery.coach,
        )
    product = gallery.made(jpeg(700, 900), ImageKind.PRODUCT)
    with pytest.raises(NotPossible, match="another purpose"):
        transact(
            lambda tx: set_photo(tx.session, tx.coach, product.id, by=as_staff(gallery.ada), now=tx.now),
            coach=gallery.coach,
        )


@sqlite_only
def test_a_coach_sends_her_own_photo_and_changes_nobody_elses(gallery: Gallery) -> None:
    upload = intake.checked(jpeg(900, 900), name="nora.jpg")
    with pytest.raises(NotAllowed, match="admin's to send"):
        uploads.accept(gallery.services, upload, ImageKind.PRODUCT, by=as_staff(gallery.nora))
    hers = uploads.accept(
        gallery.services, upload, ImageKind.PROFILE, alt="Nora on the beam", by=as_staff(gallery.nora)
    )
    adas = gallery.send(jpeg(500, 500), ImageKind.PROFILE)
    transact = gallery.services.database.transact
    transact(
        lambda tx: image_commands.describe(tx.session, hers.id, "Nora laughs", by=as_staff(gallery.nora), now=tx.now)
    )
    for command in (image_commands.delete, image_commands.regenerate):
        with pytest.raises(NotFound):
            transact(lambda tx: command(tx.session, adas.id, by=as_staff(gallery.nora), now=tx.now))
    with pytest.raises(NotFound):
        uploads.replace(gallery.services, adas.id, upload, by=as_staff(gallery.nora))
    gallery.make()
    with pytest.raises(NotFound):
        transact(
            lambda tx: set_photo(tx.session, tx.coach, adas.id, by=as_staff(gallery.nora), now=tx.now),
            coach=gallery.coach,
        )
    transact(
        lambda tx: set_photo(tx.session, tx.coach, hers.id, by=as_staff(gallery.nora), now=tx.now), coach=gallery.coach
    )


def test_pictures_are_found_by_kind_and_words(gallery: Gallery) -> None:
    gallery.send(jpeg(100, 90), alt="Éva on the trampoline", name="IMG_1.jpg")
    gallery.send(jpeg(200, 90), ImageKind.PRODUCT, alt="A blue bag", name="bag.jpg")
    with gallery.services.database.read() as session:
        assert [image.alt for image in images_of(session)] == ["A blue bag", "Éva on the trampoline"]
        assert [image.alt for image in images_of(session, kind=ImageKind.PRODUCT)] == ["A blue bag"]
        assert [image.name for image in images_of(session, containing=" éva ")] == ["IMG_1.jpg"]
        assert [image.name for image in images_of(session, containing="IMG_")] == ["IMG_1.jpg"]
        assert list(images_of(session, containing="%")) == []


@sqlite_only
def test_progress_is_told_by_renditions(gallery: Gallery) -> None:
    image = gallery.send(jpeg(2600, 1950))
    with armed(picture_developed="raise"):
        gallery.make()
    with gallery.services.database.read() as session:
        progress = progress_of(session, gallery.image(image.id))
    assert (progress.made, progress.wanted) == (8, 8)


@sqlite_only
def test_a_small_picture_is_finished_with_the_files_that_it_needs(gallery: Gallery) -> None:
    image = gallery.made(jpeg(90, 60))
    with gallery.services.database.read() as session:
        progress = progress_of(session, image)
    assert (progress.made, progress.wanted) == (2, 2)


@sqlite_only
def test_a_file_that_somebody_else_sent_is_said_to_be_there(gallery: Gallery) -> None:
    gallery.send(jpeg(90, 60), ImageKind.PROFILE)
    with pytest.raises(PictureTwice, match="sent by somebody else"):
        uploads.accept(
            gallery.services, intake.checked(jpeg(90, 60), name="me.jpg"), ImageKind.PROFILE, by=as_staff(gallery.nora)
        )


@sqlite_only
@pytest.mark.parametrize("at", ["before it is looked up", "before it is written down"])
def test_an_orphan_that_is_sent_again_while_orphans_are_removed_keeps_its_original(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    data = jpeg(90, 60)
    upload = intake.checked(data, name="x.jpg")
    uploads.keep_original(gallery.services, upload)  # and the upload that brought it was never written down
    later = clock.now() + timedelta(days=60)
    sent: list[Image] = []
    if at == "before it is looked up":
        listed = gallery.services.originals.files

        def files_and_then_sent() -> list[Stored]:
            found = list(listed())
            sent.append(gallery.send(data))
            return found

        monkeypatch.setattr(gallery.services.originals, "files", files_and_then_sent)
        with time_machine.travel(later, tick=False):
            sweep_orphans(gallery.services)
    else:
        put = gallery.services.originals.put

        def put_and_then_swept(path: str, data: bytes, **how: str) -> None:
            put(path, data, **how)
            monkeypatch.undo()
            with time_machine.travel(later, tick=False):
                sweep_orphans(gallery.services)

        monkeypatch.setattr(gallery.services.originals, "put", put_and_then_swept)
        sent.append(gallery.send(data))
    assert gallery.services.originals.get(original_path(upload.hash)) == data
    assert gallery.image(sent[0].id).original_kept


# The sweep ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@sqlite_only
def test_a_sweep_makes_pictures_and_is_not_stopped_by_them(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.send(jpeg(100, 90))
    assert sweep(gallery.services, pictures=False)["pictures"] == 0
    assert sweep(gallery.services)["pictures"] == 1
    monkeypatch.setattr("core.ops.sweep.make_due", _fall_over)
    assert sweep(gallery.services)["pictures"] == 0


def _fall_over(*args: object, **options: object) -> None:
    raise RuntimeError("the darkroom is flooded")
