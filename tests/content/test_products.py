"""The shop: things in their order, shown or not, each with a picture that is described."""

import pytest
from sqlalchemy.orm import Session

from core.content.campaign_and_product_forms import ProductFacts
from core.content.campaigns import save_campaign
from core.content.products import delete_product, move_product, products, save_product
from core.errors import Invalid, NotAllowed, NotPossible, PictureInUse
from core.gym.models import the_gym
from core.images import image_commands
from core.images.models import ImageKind
from core.images.uses import uses_of
from tests.content.test_campaigns import facts as campaign_facts
from tests.content.test_campaigns import photo
from tests.support.actors import as_staff
from tests.support.people import NOW, ada, nora


def facts(name: str = "Shirt", **others: object) -> ProductFacts:
    return ProductFacts.parse({"name": name, "price_cents": 2800, **others})


def names(session: Session, **how: bool) -> list[str]:
    return [product.name for product in products(session, **how)]


def test_a_new_one_stands_last_and_can_be_moved(session: Session) -> None:
    boss = ada(session).id
    made = [
        save_product(session, None, facts(name), by=as_staff(boss), now=NOW) for name in ("Shirt", "Bottle", "Chalk")
    ]
    assert names(session) == ["Shirt", "Bottle", "Chalk"]
    move_product(session, made[2].id, -1, by=as_staff(boss), now=NOW)
    assert names(session) == ["Shirt", "Chalk", "Bottle"]
    move_product(session, made[0].id, -1, by=as_staff(boss), now=NOW)
    move_product(session, made[1].id, 5, by=as_staff(boss), now=NOW)
    assert names(session) == ["Shirt", "Chalk", "Bottle"], "the first and the last stay where they are"


def test_what_is_not_shown_is_not_in_the_shop(session: Session) -> None:
    boss = ada(session).id
    shirt = save_product(session, None, facts(), by=as_staff(boss), now=NOW)
    save_product(session, shirt.id, facts(shown=False), by=as_staff(boss), now=NOW)
    assert names(session) == [] and names(session, shown=False) == ["Shirt"]


def test_every_change_moves_the_content_s_version_and_is_an_admin_s(session: Session) -> None:
    boss, coach = ada(session).id, nora(session).account_id
    shirt = save_product(session, None, facts(), by=as_staff(boss), now=NOW)
    before = the_gym(session).content_version
    move_product(session, shirt.id, 1, by=as_staff(boss), now=NOW)
    delete_product(session, shirt.id, by=as_staff(boss), now=NOW)
    assert the_gym(session).content_version == before + 2
    for refused in (
        lambda: save_product(session, None, facts(), by=as_staff(coach), now=NOW),
        lambda: move_product(session, shirt.id, 1, by=as_staff(coach), now=NOW),
        lambda: delete_product(session, shirt.id, by=as_staff(coach), now=NOW),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_a_price_is_something_that_can_be_paid() -> None:
    for price in (-1, 1_000_001, "much"):
        with pytest.raises(Invalid):
            facts(price_cents=price)


def test_a_picture_that_is_shown_cannot_be_deleted_and_where_is_said(session: Session) -> None:
    boss = ada(session).id
    picture, hero = photo(session, kind=ImageKind.PRODUCT), photo(session)
    shirt = save_product(session, None, facts(image_id=picture.id), by=as_staff(boss), now=NOW)
    campaign = save_campaign(session, None, campaign_facts(image_id=hero.id), by=as_staff(boss), now=NOW)
    assert [use.path for use in uses_of(session, picture)] == ["/shop"]
    assert [use.what for use in uses_of(session, hero)] == ["the campaign “Camp”"]
    with pytest.raises(PictureInUse, match="Shirt in the shop"):
        image_commands.delete(session, picture.id, by=as_staff(boss), now=NOW)
    save_product(session, shirt.id, facts(), by=as_staff(boss), now=NOW)
    save_campaign(session, campaign.id, campaign_facts(), by=as_staff(boss), now=NOW)
    image_commands.delete(session, picture.id, by=as_staff(boss), now=NOW)
    image_commands.delete(session, hero.id, by=as_staff(boss), now=NOW)


def test_its_picture_must_be_described(session: Session) -> None:
    picture = photo(session, kind=ImageKind.PRODUCT, alt="")
    with pytest.raises(NotPossible, match="what is to be seen"):
        save_product(session, None, facts(image_id=picture.id), by=as_staff(ada(session).id), now=NOW)
