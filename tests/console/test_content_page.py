"""Campaigns and the shop, as an admin keeps them."""

from datetime import timedelta
from typing import Any

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
    labelled(app.selectbox, "Picture").set_value(hero.id).run()
    labelled(app.text_input, "Headline").set_value("Winter camp")
    labelled(app.date_input, "Last day").set_value(TODAY - timedelta(days=1))
    press(app, "Add")
    assert [said.value for said in app.error] == ["The last day should not be before the first."]
    labelled(app.text_input, "Headline").set_value("Winter camp")
    labelled(app.date_input, "Last day").set_value(TODAY + timedelta(days=3))
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
        labelled(app.text_input, "Name", -1).set_value(name)
        labelled(app.number_input, "Price in dollars", -1).set_value(28.5)
        press(app, "Add", 1)
    assert [(product.name, product.price_cents) for product in goods(desk)] == [("Shirt", 2850), ("Chalk", 2850)]
    app.button(key=f"Towards the end-{goods(desk)[0].id}").click().run()
    assert [product.name for product in goods(desk)] == ["Chalk", "Shirt"]
    labelled(app.checkbox, "Shown").uncheck()
    press(app, "Keep")
    assert [product.shown for product in goods(desk)] == [False, True]


def test_products_that_two_admins_change_are_merged_and_asked_about(desk: Desk) -> None:
    token = desk.start("ada")
    first = desk.open(token, "content")
    labelled(first.text_input, "Name", -1).set_value("Shirt")
    press(first, "Add", 1)
    second = desk.open(token, "content")
    labelled(second.number_input, "Price in dollars").set_value(12.0)
    press(second, "Keep")
    labelled(first.text_input, "Name").set_value("Blue shirt")
    assert not press(first, "Keep").error
    assert [(product.name, product.price_cents) for product in goods(desk)] == [("Blue shirt", 1200)]
    labelled(second.text_input, "Name").set_value("Red shirt")
    assert "your form has “Red shirt”" in press(second, "Keep").error[0].value
    assert goods(desk)[0].name == "Blue shirt" and labelled(second.text_input, "Name").value == "Red shirt"
    assert not press(second, "Keep").error and goods(desk)[0].name == "Red shirt"


def test_a_campaign_that_two_admins_change_is_asked_about(desk: Desk) -> None:
    token = desk.start("ada")
    first = desk.open(token, "content")
    labelled(first.text_input, "Headline", -1).set_value("Winter camp")
    press(first, "Add")
    second = desk.open(token, "content")
    labelled(second.date_input, "Last day").set_value(TODAY + timedelta(days=3))
    press(second, "Keep")
    labelled(first.date_input, "First day").set_value(TODAY + timedelta(days=5))
    assert "The last day should not be before the first" in press(first, "Keep").error[0].value
    with desk.services.database.read() as session:
        assert all_campaigns(session)[0].ends_on == TODAY + timedelta(days=3)


def goods(desk: Desk) -> list[Product]:
    with desk.services.database.read() as session:
        return list(products(session, shown=False))


def labelled(widgets: Any, label: str, number: int = 0) -> Any:
    return [widget for widget in widgets if widget.label == label][number]


def press(app: AppTest, label: str, number: int = 0) -> AppTest:
    return [button for button in app.button if button.label == label][number].click().run()
