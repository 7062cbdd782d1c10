"""
Pictures as they come in and go out.

    gallery          services on a database of the test's own, with Nora and Ada; storages in folders of the test
    gallery.send     takes a photo in, as an upload does
    gallery.make     what the worker does, until nothing is due
"""

import io
from dataclasses import dataclass

import pytest
from PIL import Image as Pixels
from sqlalchemy import select

from core.images import intake, uploads
from core.images.models import Image, ImageKind, Rendition
from core.images.queries import get_image
from core.images.rendition_jobs import RenditionCounts, make_due
from core.people.models import Account, Role
from core.platform.db import Database
from core.platform.services import Services
from core.schedule.models import Coach
from tests.support.actors import as_staff
from tests.support.databases import Furnish
from tests.support.people import ada, nora


@dataclass
class Gallery:
    """The gym's pictures. `ada`, `nora`: ids of their accounts; `coach`: Nora's as a coach."""

    services: Services
    ada: int
    nora: int
    coach: int

    def send(
        self, data: bytes, kind: ImageKind = ImageKind.GALLERY, *, alt: str = "A photo", name: str = "photo.jpg"
    ) -> Image:
        upload = intake.checked(data, name=name)
        return uploads.accept(self.services, upload, kind, alt=alt, by=as_staff(self.ada))

    def make(self, *, fine: bool = False) -> RenditionCounts:
        return make_due(self.services, fine=fine)

    def image(self, image_id: int) -> Image:
        with self.services.database.read() as session:
            return get_image(session, image_id)

    def renditions(self, image_id: int) -> list[Rendition]:
        with self.services.database.read() as session:
            query = select(Rendition).where(Rendition.image_id == image_id).order_by(Rendition.id)
            return list(session.scalars(query))

    def made(self, data: bytes, kind: ImageKind = ImageKind.GALLERY, **options: str) -> Image:
        """Sent and made."""
        image = self.send(data, kind, **options)
        self.make()
        return self.image(image.id)

    def bytes_of(self, rendition: Rendition) -> bytes:
        return self.services.media.get(rendition.path)

    def pixels(self, image: Image, form: str = "jpeg", width_px: int | None = None) -> Pixels.Image:
        """A finished file, decoded: the smallest unless a width is named."""
        files = [file for file in image.renditions if file.format == form and width_px in (None, file.width_px)]
        return Pixels.open(io.BytesIO(self.bytes_of(files[0]))).convert("RGB")


@pytest.fixture
def furnish(request: pytest.FixtureRequest) -> Furnish | None:
    """Who has a gallery finds its owners there."""
    return _bring_people if "gallery" in request.fixturenames else None


@pytest.fixture
def gallery(services: Services) -> Gallery:
    with services.database.read() as session:
        admin = session.scalars(select(Account).where(Account.role == Role.ADMIN)).one()
        coach = session.scalars(select(Coach)).one()
        return Gallery(services, admin.id, coach.account_id, coach.id)


def _bring_people(database: Database) -> None:
    with database.write() as transaction:
        ada(transaction.session)
        nora(transaction.session)
