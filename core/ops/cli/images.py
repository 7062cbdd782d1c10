"""Commands on images: list, verify, regenerate, claim, sweep."""

from typing import Annotated

import typer

from core.bootstrap import services
from core.errors import NotPossible, SetupError
from core.images import image_commands, storage_cleanup, storage_ownership
from core.images.models import Image, ImageKind
from core.images.queries import images_of, storage_used
from core.images.rendition_jobs import make_due
from core.migrations import check_schema
from core.platform.actor import COMMAND_LINE
from core.platform.number_parsing import MAX_ID
from core.platform.services import Services

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The pictures.")
Which = Annotated[
    list[int] | None, typer.Argument(min=1, max=MAX_ID, help="The numbers in `spirit images list`; all when left out.")
]


@app.command("list")
def list_images(
    kind: Annotated[str | None, typer.Option(help="Only product, campaign, profile or gallery.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
) -> None:
    """The latest pictures, newest first, and how much room all of them take."""
    with _ready().database.read() as session:
        for image in images_of(session, kind=_kind(kind), limit=limit):
            print(_line(image))
        used = storage_used(session)
    print(f"{used.used_bytes / 1e6:,.1f} of {used.budget_bytes / 1e6:,.0f} MB used ({used.share:.0%})")


@app.command()
def verify() -> None:
    """Read every file and compare it with what was made. Exit code 1 if one is missing or damaged."""
    faults = storage_cleanup.verify(_ready())
    for fault in faults:
        print(f"{fault.what:<8}  picture {fault.image_id}  {fault.path}")
    if faults:
        print("Renditions come back by: spirit images regenerate. An original does not: send the photo again.")
        raise typer.Exit(1)
    print("Every file is there, as it was made.")


@app.command()
def regenerate(numbers: Which = None) -> None:
    """Make pictures again from their originals, now. What is there already, undamaged, is left as it is."""
    ready = _ready()
    with ready.database.read() as session:
        known = [image.id for image in images_of(session, limit=1_000_000) if image.original_kept]
    wanted = numbers or known
    for number in wanted:
        storage_cleanup.forget_damaged(ready, number)
        _make_anew(ready, number)
    work = make_due(ready)
    print(f"{work.made} made, {work.refined} made smaller, {work.rejected} rejected, {work.retried} to be tried again")


def _make_anew(ready: Services, image_id: int) -> None:
    ready.database.transact(lambda tx: image_commands.regenerate(tx.session, image_id, by=COMMAND_LINE, now=tx.now))


@app.command()
def claim() -> None:
    """Say that both storages are this gym's alone, after a restore: files that it does not know are removed again."""
    ready = _ready()
    storage_ownership.claim(ready)
    print(
        f"{ready.media.label} and {ready.originals.label} are this gym's. What it does not know goes from there in time."
    )


@app.command()
def sweep(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove files that nothing refers to any more and that are older than seven days."""
    swept = storage_cleanup.sweep_orphans(_ready(), dry_run=dry_run)
    if swept.withheld:
        raise NotPossible(f"Nothing was removed: {swept.withheld}")
    for path in (*swept.media, *swept.originals):
        print(path)
    done = "would go" if dry_run else "removed"
    print(f"{len(swept.media)} renditions and {len(swept.originals)} originals {done}, {swept.size_bytes:,} bytes")


def _ready() -> Services:
    check_schema(services().database)
    return services()


def _kind(asked: str | None) -> ImageKind | None:
    if asked is None:
        return None
    try:
        return ImageKind(asked.lower())
    except ValueError:
        raise SetupError(f"There is no kind {asked!r}; there are {', '.join(ImageKind)}.") from None


def _line(image: Image) -> str:
    """ "7  READY  profile  4032×3024  3.1 MB → 0.4 MB in 6 files  nora.jpg  a sentence, if there is one"."""
    shown = sum(file.size_bytes for file in image.renditions)
    sizes = f"{image.original_bytes / 1e6:.1f} MB → {shown / 1e6:.1f} MB in {len(image.renditions)} files"
    about = f"{image.id:>6}  {image.state.value:<8}  {image.kind.value:<8}  {image.width_px}×{image.height_px}"
    return f"{about}  {sizes}  {image.name}  {image.reason or image.note or ''}".rstrip()
