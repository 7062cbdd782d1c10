"""A campaign takes the top of the home page on its days, by the gym's own calendar."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core.content.campaign_and_product_forms import CampaignFacts
from core.content.campaigns import delete_campaign, running_campaign, save_campaign
from core.content.models import Campaign
from core.errors import Invalid, NotAllowed, NotFound, NotPossible
from core.gym.models import the_gym
from core.images.models import Image, ImageKind, ImageState
from tests.support.actors import as_staff
from tests.support.people import NOW, ZONE, ada, nora

MONDAY = NOW.astimezone(ZONE).date()
DAY = timedelta(days=1)


def facts(**changes: Any) -> CampaignFacts:
    return CampaignFacts.parse({"headline": "Camp", "starts_on": MONDAY, "ends_on": MONDAY + DAY, **changes})


def at_gym(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def headline(session: Session, now: datetime) -> str | None:
    campaign, _ = running_campaign(session, ZONE, now=now)
    return campaign.headline if campaign else None


def test_it_runs_from_its_first_midnight_to_its_last(session: Session) -> None:
    save_campaign(session, None, facts(), by=as_staff(ada(session).id), now=NOW)
    assert headline(session, at_gym(MONDAY - DAY, 23, 59)) is None
    assert headline(session, at_gym(MONDAY, 0)) == "Camp"
    assert headline(session, at_gym(MONDAY + DAY, 23, 59)) == "Camp"
    assert headline(session, at_gym(MONDAY + 2 * DAY, 0)) is None


def test_the_answer_holds_until_the_next_midnight_on_which_one_begins_or_ends(session: Session) -> None:
    boss = ada(session).id
    save_campaign(session, None, facts(), by=as_staff(boss), now=NOW)
    save_campaign(session, None, facts(starts_on=MONDAY + DAY, ends_on=MONDAY + 9 * DAY), by=as_staff(boss), now=NOW)
    assert running_campaign(session, ZONE, now=NOW)[1] == at_gym(MONDAY + DAY, 0)
    assert running_campaign(session, ZONE, now=at_gym(MONDAY + 5 * DAY, 12))[1] == at_gym(MONDAY + 10 * DAY, 0)
    assert running_campaign(session, ZONE, now=at_gym(MONDAY + 12 * DAY, 12)) == (None, None)


def test_of_two_the_one_that_began_last_is_shown(session: Session) -> None:
    boss = ada(session).id
    save_campaign(session, None, facts(headline="Long", ends_on=MONDAY + 30 * DAY), by=as_staff(boss), now=NOW)
    save_campaign(session, None, facts(headline="New", starts_on=MONDAY + DAY), by=as_staff(boss), now=NOW)
    assert headline(session, at_gym(MONDAY, 12)) == "Long"
    assert headline(session, at_gym(MONDAY + DAY, 12)) == "New"
    assert headline(session, at_gym(MONDAY + 2 * DAY, 12)) == "Long"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ends_on": MONDAY - DAY}, "ends_on"),
        ({"headline": "\u200b"}, "headline"),
        ({"button": "Go"}, "button"),
        ({"button": "Go", "path": "https://evil.example"}, "path"),
        ({"button": "Go", "path": "//evil"}, "path"),
        ({"button": "Go", "path": "javascript:alert(1)"}, "path"),
        ({"text": "x" * 401}, "text"),
    ],
)
def test_what_cannot_be_is_said_by_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        facts(**wrong)
    assert list(refusal.value.fields) == [field]


def test_its_picture_must_be_made_described_and_meant_for_it(session: Session) -> None:
    boss = ada(session).id
    for changes in ({"alt": ""}, {"ready_at": None}, {"kind": ImageKind.PRODUCT}):
        image = photo(session, **changes)
        with pytest.raises(NotPossible):
            save_campaign(session, None, facts(image_id=image.id), by=as_staff(boss), now=NOW)
    with pytest.raises(NotFound):
        save_campaign(session, None, facts(image_id=987654), by=as_staff(boss), now=NOW)
    good = photo(session)
    assert save_campaign(session, None, facts(image_id=good.id), by=as_staff(boss), now=NOW).image_id == good.id


def test_every_change_moves_the_content_s_version_and_is_an_admin_s(session: Session) -> None:
    boss, coach = ada(session).id, nora(session).account_id
    versions = [the_gym(session).content_version]
    made = save_campaign(session, None, facts(), by=as_staff(boss), now=NOW)
    versions.append(the_gym(session).content_version)
    save_campaign(session, made.id, facts(headline="Other"), by=as_staff(boss), now=NOW)
    versions.append(the_gym(session).content_version)
    with pytest.raises(NotAllowed):
        save_campaign(session, made.id, facts(), by=as_staff(coach), now=NOW)
    with pytest.raises(NotAllowed):
        delete_campaign(session, made.id, by=as_staff(coach), now=NOW)
    delete_campaign(session, made.id, by=as_staff(boss), now=NOW)
    versions.append(the_gym(session).content_version)
    assert len(set(versions)) == 4 and session.get(Campaign, made.id) is None


def photo(session: Session, **changes: Any) -> Image:
    """An image as the worker leaves one."""
    columns = {
        "kind": ImageKind.CAMPAIGN, "name": "hero.jpg", "alt": "A hall", "original_format": "jpeg", "original_bytes": 1,
        "width_px": 1, "height_px": 1, "state": ImageState.READY, "due_at": NOW, "created_at": NOW, "ready_at": NOW,
        "original_hash": f"{session.query(Image).count():064}", **changes,
    }  # fmt: skip
    image = Image(**columns)
    session.add(image)
    session.flush()
    return image
