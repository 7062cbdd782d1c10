"""Campaigns and the shop, as an admin keeps them."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from core.content.campaigns import all_campaigns
from core.content.models import Product
from core.content.products import products
from core.images.models import ImageKind
from tests.console.conftest import Desk
from tests.console.test_photos import sent_by_ada
from tests.support.people import NOW, ZONE

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
TODAY = NOW.astimezone(ZONE).date()


def test_a_campaign_is_begun_with_its_picture_and_ended(desk: Desk) -> None:
    hero = sent_by_ada(desk, ImageKind.CAMPAIGN)
    app = desk.open(desk.start("ada"), "content")
    app.selectbox(key="campaign-new-picture").set_value(hero.id).run()
    app.text_input(key="campaign-new-headline").set_value("Winter camp")
    app.date_input(key="campaign-new-last").set_value(TODAY - timedelta(days=1))
    press(app, "Add")
    assert [said.value for said in app.error] == ["The last day should not be before the first."]
    app.text_input(key="campaign-new-headline").set_value("Winter camp")
    app.date_input(key="campaign-new-last").set_value(TODAY + timedelta(days=3))
    press(app, "Add")
    with desk.services.database.read() as session:
        campaign = all_campaigns(session)[0]
    assert (campaign.headline, campaign.image_id) == ("Winter camp", hero.id)
    assert any("on the home page now" in expander.label for expander in app.expander)
    app.button(key=f"delete-campaign-{campaign.id}").click().run()
    with desk.services.database.read() as session:
        assert not all_campaigns(session)


def test_a_product_is_added_hidden_and_moved(desk: Desk) -> None:
    app = desk.open(desk.start("ada"), "content")
    for name in ("Shirt", "Chalk"):
        app.text_input(key="product-new-name").set_value(name)
        app.number_input(key="product-new-price").set_value(28.5)
        press(app, "Add", 1)
    assert [(product.name, product.price_cents) for product in goods(desk)] == [("Shirt", 2850), ("Chalk", 2850)]
    app.button(key=f"Towards the end-{goods(desk)[0].id}").click().run()
    assert [product.name for product in goods(desk)] == ["Chalk", "Shirt"]
    app.checkbox(key=f"product-{goods(desk)[0].id}-shown").uncheck()
    press(app, "Keep")
    assert [product.shown for product in goods(desk)] == [False, True]


def goods(desk: Desk) -> list[Product]:
    with desk.services.database.read() as session:
        return list(products(session, shown=False))


def press(app: AppTest, label: str, number: int = 0) -> AppTest:
    return [button for button in app.button if button.label == label][number].click().run()
