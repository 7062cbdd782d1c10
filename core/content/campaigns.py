"""Campaigns: the one that runs today, with how long that answer may be cached; save and delete."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from core import audit
from core.audit import Verb
from core.content.campaign_and_product_forms import CampaignFacts
from core.content.models import Campaign
from core.errors import NotFound
from core.gym.form_merge import Values, last_changed_by, merge
from core.gym.models import content_changed
from core.images.image_commands import require_publishable
from core.images.models import Image, ImageKind
from core.people.permissions import check_is_admin
from core.platform.actor import Actor
from core.schedule.availability import at_wall_time


def running_campaign(session: Session, zone: ZoneInfo, *, now: datetime) -> tuple[Campaign | None, datetime | None]:
    """
    The campaign that runs today in `zone`, with its image; of several the one that began last.

    Returns:
        The campaign, or None; and the first instant at which the answer may change (aware UTC), or None for never.
    """
    today = now.astimezone(zone).date()
    campaigns = session.scalars(
        select(Campaign)
        .where(Campaign.ends_on >= today)
        .options(selectinload(Campaign.image).selectinload(Image.renditions))
        .order_by(Campaign.starts_on.desc(), Campaign.id.desc())
    ).all()
    running = next((campaign for campaign in campaigns if campaign.starts_on <= today), None)
    days = [day for one in campaigns for day in (one.starts_on, one.ends_on + timedelta(days=1)) if day > today]
    return running, at_wall_time(min(days), 0, zone) if days else None


def all_campaigns(session: Session) -> Sequence[Campaign]:
    """All campaigns, past ones as well, the latest start first, with their images."""
    query = select(Campaign).order_by(Campaign.starts_on.desc(), Campaign.id.desc())
    return session.scalars(query.options(selectinload(Campaign.image).selectinload(Image.renditions))).all()


def save_campaign(
    session: Session,
    campaign_id: int | None,
    facts: CampaignFacts,
    *,
    by: Actor,
    now: datetime,
    shown: Values | None = None,
) -> Campaign:
    """
    Create a campaign, or change one by three-way merge.

    Args:
        shown: what the form had shown, as of core.gym.form_merge.

    Raises:
        NotAllowed: not an admin. NotFound: no such campaign, no such picture.
        NotPossible: its picture is not ready, not described, or was sent for another purpose.
        ChangedMeanwhile: the form was saved elsewhere while it was open.
    """
    check_is_admin(session, by)
    campaign = Campaign(created_at=now) if campaign_id is None else _lock(session, campaign_id)
    if campaign_id is not None:
        facts = merge(
            facts.model_dump(),
            CampaignFacts.of(campaign).model_dump(),
            shown,
            read=CampaignFacts.parse,
            last_by=last_changed_by(session, Verb.CONTENT_CHANGED, "campaign", campaign_id),
        )
    if facts.image_id is not None and facts.image_id != campaign.image_id:
        require_publishable(session, facts.image_id, ImageKind.CAMPAIGN)
    for name, value in facts:
        setattr(campaign, name, value)
    session.add(campaign)
    session.flush()
    _changed(session, campaign.id, by, now)
    return campaign


def delete_campaign(session: Session, campaign_id: int, *, by: Actor, now: datetime) -> None:
    """Delete a campaign; its picture stays among the images. Raises NotAllowed, NotFound."""
    check_is_admin(session, by)
    session.delete(_get(session, campaign_id))
    session.flush()
    _changed(session, campaign_id, by, now)


def is_running(campaign: Campaign, today: date) -> bool:
    """Whether this day lies within the campaign, first and last day included."""
    return campaign.starts_on <= today <= campaign.ends_on


def _lock(session: Session, campaign_id: int) -> Campaign:
    """The campaign, read anew under a row lock. Raises NotFound."""
    session.get(Campaign, campaign_id, populate_existing=True, with_for_update=True)
    return _get(session, campaign_id)


def _get(session: Session, campaign_id: int) -> Campaign:
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound("We know no such campaign.")
    return campaign


def _changed(session: Session, campaign_id: int, by: Actor, now: datetime) -> None:
    audit.record(session, Verb.CONTENT_CHANGED, "campaign", campaign_id, by=by, now=now)
    content_changed(session)
