"""Images of the demo gym: its coaches, a campaign that runs now, a shop. The worker makes the renditions."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.content.models import Campaign, Product
from core.demo import drawn_photos as demo_photos
from core.gym.models import content_changed
from core.images import intake, uploads
from core.images.image_commands import focus
from core.images.models import Image, ImageKind
from core.people.accounts import find_account
from core.people.reauthorization import actor_of
from core.platform.actor import COMMAND_LINE, Actor, Channel
from core.platform.services import Services
from core.schedule.models import Coach

ALTS = {
    "nora": "Nora, with long fair hair and a red shirt, laughs into the camera",
    "omar": "Omar, with a short beard and a navy shirt, laughs into the camera",
    "lena": "Lena, her black hair in a bun, smiles",
    "max": "Max, with short curls and a yellow shirt, smiles",
}
HERO = "A gymnast in a handstand on a blue mat in front of tall windows at sunrise; a coach watches"
CAMPAIGN_DAYS = 28
FACE, BOTH_PEOPLE = (50, 42), (58, 50)

Draw = Callable[[], bytes]
SHOP: tuple[tuple[str, str, int, Draw, str], ...] = (
    (
        "Team shirt",
        "Heavy cotton, in every size from 6 years to grown up.",
        2800,
        demo_photos.shirt,
        "A navy T-shirt with the gym’s red mark",
    ),
    (
        "Bottle",
        "Steel, 20 ounces; fits the holders along the wall.",
        2200,
        demo_photos.bottle,
        "A steel bottle with a red band",
    ),
    (
        "Chalk",
        "Eight blocks, pressed fine. For hands, not for walls.",
        900,
        demo_photos.chalk,
        "Three white blocks of chalk, one on two",
    ),
)


def hang_pictures(services: Services) -> None:
    """Upload the demo's images, once: for a gym with the demo's people and without any image, campaign or product."""
    with services.database.read() as session:
        ada = find_account(session, "ada@spirit.example")
        bare = not any(session.scalar(select(func.count()).select_from(kind)) for kind in (Image, Campaign, Product))
        slugs = set(session.scalars(select(Coach.slug)))
    if ada is None or not bare or not demo_photos.FACES.keys() <= slugs:
        return
    by = actor_of(ada, Channel.CONSOLE)
    photos = {
        slug: _sent(services, demo_photos.portrait(face), ImageKind.PROFILE, ALTS[slug], f"{slug}.jpg", by)
        for slug, face in demo_photos.FACES.items()
    }
    hero = _sent(services, demo_photos.morning_in_the_hall(), ImageKind.CAMPAIGN, HERO, "morning.jpg", by)
    goods = [_sent(services, draw(), ImageKind.PRODUCT, alt, f"{name}.jpg", by) for name, _, _, draw, alt in SHOP]
    services.database.transact(lambda tx: _hang(tx.session, photos, hero, goods, services.settings.zone, now=tx.now))


def _sent(services: Services, data: bytes, kind: ImageKind, alt: str, name: str, by: Actor) -> int:
    return uploads.accept(services, intake.checked(data, name=name), kind, alt=alt, by=by).id


def _hang(
    session: Session, photos: dict[str, int], hero: int, goods: list[int], zone: ZoneInfo, *, now: datetime
) -> None:
    """Before they are made: pages show each as soon as it is."""
    today = now.astimezone(zone).date()
    for coach in session.scalars(select(Coach).where(Coach.slug.in_(photos))):
        coach.photo_id = photos[coach.slug]
        focus(session, coach.photo_id, *FACE, by=COMMAND_LINE, now=now)
    focus(session, hero, *BOTH_PEOPLE, by=COMMAND_LINE, now=now)
    session.add(
        Campaign(
            headline="Winter handstand camp",
            text="Five mornings, eight children a group, and one thing that everybody takes home: a straight line.",
            button="Meet the coaches",
            path="/coaches",
            starts_on=today,
            ends_on=today + timedelta(days=CAMPAIGN_DAYS),
            image_id=hero,
            created_at=now,
        )
    )
    for place, ((name, text, price_cents, _, _), image_id) in enumerate(zip(SHOP, goods, strict=True), start=1):
        session.add(
            Product(
                name=name,
                text=text,
                price_cents=price_cents,
                place=place,
                shown=True,
                image_id=image_id,
                created_at=now,
            )
        )
    session.flush()
    content_changed(session)
