"""Pages with pictures: the campaign of the day on top, the shop, faces; each in sizes, described, with its place kept."""

import re
from datetime import timedelta

import pytest

from core.content.campaign_and_product_forms import CampaignFacts, ProductFacts
from core.content.campaigns import save_campaign
from core.content.products import save_product
from core.images import intake, uploads
from core.images.models import ImageKind
from core.images.rendition_jobs import make_due
from core.schedule.coach_page import set_photo
from tests.images.photos import jpeg
from tests.public_site.conftest import Gym
from tests.support.actors import as_staff
from tests.support.people import NOW, ZONE, ada

TODAY = NOW.astimezone(ZONE).date()
DAY = timedelta(days=1)


@pytest.fixture
def admin(gym: Gym) -> int:
    with gym.services.database.write() as transaction:
        account = ada(transaction.session)
        transaction.session.flush()
        return account.id


def sent(gym: Gym, kind: ImageKind, admin: int, alt: str) -> int:
    upload = intake.checked(jpeg(900, 1200), name="photo.jpg")
    image = uploads.accept(gym.services, upload, kind, alt=alt, by=as_staff(admin))
    make_due(gym.services, fine=False)
    return image.id


def campaign(gym: Gym, admin: int, image_id: int | None, **changes: object) -> None:
    values = {"headline": "Winter camp", "starts_on": TODAY, "ends_on": TODAY, "image_id": image_id, **changes}
    gym.services.database.transact(
        lambda tx: save_campaign(tx.session, None, CampaignFacts.parse(values), by=as_staff(admin), now=tx.now)
    )


def test_the_campaign_of_the_day_has_a_wide_and_a_tall_picture(gym: Gym, admin: int) -> None:
    assert "Winter camp" not in gym.get("/").text
    hero = sent(gym, ImageKind.CAMPAIGN, admin, "The hall <at> sunrise")
    campaign(gym, admin, hero, button="See times", path="/coaches")
    page = gym.get("/").text
    assert "<h2>Winter camp</h2>" in page and '<a class="button" href="/coaches">See times</a>' in page
    assert 'alt="The hall &lt;at&gt; sunrise"' in page and 'fetchpriority="high"' in page
    narrow = re.findall(
        r'<source type="image/avif" media="\(max-width: 640px\)"[^>]* width="(\d+)" height="(\d+)"', page
    )
    wide = re.findall(r'<source type="image/avif" srcset="[^"]+" sizes="[^"]+" width="(\d+)" height="(\d+)"', page)
    assert [int(high) * 4 == int(across) * 5 for across, high in narrow] == [True]
    assert [abs(int(across) - 2 * int(high)) <= 1 for across, high in wide] == [True]


def test_a_kept_home_page_changes_at_the_gym_s_own_midnight(gym: Gym, admin: int) -> None:
    campaign(gym, admin, None, starts_on=TODAY + DAY, ends_on=TODAY + DAY)
    before = gym.get("/")
    assert "Winter camp" not in before.text
    midnight = NOW.astimezone(ZONE).replace(hour=0) + DAY
    gym.clock.move_to(midnight - timedelta(seconds=1))
    assert gym.get("/", headers={"If-None-Match": before.headers["etag"]}).status_code == 304
    gym.clock.move_to(midnight)
    assert "Winter camp" in gym.get("/", headers={"If-None-Match": before.headers["etag"]}).text
    gym.clock.move_to(midnight + DAY)
    assert "Winter camp" not in gym.get("/").text


def test_the_shop_shows_what_is_there_at_once(gym: Gym, admin: int) -> None:
    assert "There is nothing in the shop" in gym.get("/shop").text and "From our shop" not in gym.get("/").text
    picture = sent(gym, ImageKind.PRODUCT, admin, "A navy shirt")
    for name, image_id in (("Shirt & co", picture), ("Chalk", None)):
        facts = ProductFacts.parse({"name": name, "price_cents": 2850, "text": "Cotton.", "image_id": image_id})
        gym.services.database.transact(lambda tx: save_product(tx.session, None, facts, by=as_staff(admin), now=tx.now))
    page = gym.get("/shop").text
    assert "<h2>Shirt &amp; co</h2>" in page and "$28.50" in page and "Cotton." in page
    assert page.count("<picture>") == 1 and 'alt="A navy shirt"' in page
    assert "Shirt &amp; co" in gym.get("/").text


def test_a_face_is_shown_when_it_is_made_and_initials_until_then(gym: Gym, admin: int) -> None:
    assert "<picture>" not in gym.get("/coaches/nora").text and "monogram" in gym.get("/coaches/nora").text
    face = sent(gym, ImageKind.PROFILE, admin, "Nora laughs")
    gym.services.database.transact(
        lambda tx: set_photo(tx.session, tx.coach, face, by=as_staff(admin), now=tx.now), coach=gym.nora_id
    )
    for path in ("/", "/coaches", "/coaches/nora"):
        page = gym.get(path).text
        assert page.count('alt="Nora laughs"') == 1, path
        assert all('width="' in tag and 'height="' in tag for tag in re.findall(r"<img [^>]+>", page)), path
