"""Page Content, for admins: campaigns of the home page, by date, and the shop's products."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import streamlit as st

from console.photos.photo_html import thumbnail
from console.widgets.acting import act
from console.widgets.flash import add_error, show_messages
from console.widgets.form_drafts import Draft, draft
from console.widgets.markdown import inert
from console.widgets.session import Staff, admin, services
from core.content.campaign_and_product_forms import CampaignFacts, ProductFacts
from core.content.campaigns import all_campaigns, delete_campaign, is_running, running_campaign, save_campaign
from core.content.models import Campaign, Product
from core.content.products import delete_product, move_product, products, save_product
from core.errors import Invalid
from core.images.models import Image, ImageKind
from core.images.photo_lists import publishable
from core.people.reauthorization import Acting
from core.platform import clock
from core.wording import money, spoken_day

PATHS = {"": "nowhere", "/coaches": "the coaches", "/shop": "the shop"}
WEEK = timedelta(days=7)
KEPT = "It is kept, and visitors see it as it is now."
NEW_PRODUCT: dict[str, Any] = {"name": "", "text": "", "price_cents": 1000, "shown": True, "image_id": None}


def page() -> None:
    staff = admin()
    st.title("Content")
    show_messages()
    with services().database.read() as session:
        campaigns, goods = all_campaigns(session), products(session, shown=False)
        heroes, photos = publishable(session, ImageKind.CAMPAIGN), publishable(session, ImageKind.PRODUCT)
        running, _ = running_campaign(session, services().settings.zone, now=clock.now())
    _campaigns(campaigns, running, heroes, staff)
    _shop(goods, photos, staff)


def _campaigns(campaigns: Sequence[Campaign], running: Campaign | None, heroes: Sequence[Image], staff: Staff) -> None:
    st.header("Campaigns", anchor=False)
    if running is None:
        st.info("No campaign runs today: the home page begins with its own words.")
    for campaign in campaigns:
        with st.expander(
            inert(f"{campaign.headline}: {_when(campaign, running)}"), key=f"about-campaign-{campaign.id}"
        ):
            _campaign(campaign, heroes, staff)
    with st.expander("A new campaign"):
        _campaign(None, heroes, staff)


def _when(campaign: Campaign, running: Campaign | None) -> str:
    days = f"{spoken_day(campaign.starts_on)} to {spoken_day(campaign.ends_on)}"
    if running is not None and campaign.id == running.id:
        return f"on the home page now, {days}"
    if is_running(campaign, _today()):
        return f"{days}; a later one stands before it"
    return f"{days}, over" if campaign.ends_on < _today() else days


def _campaign(campaign: Campaign | None, heroes: Sequence[Image], staff: Staff) -> None:
    stored = CampaignFacts.of(campaign).model_dump() if campaign else _new_campaign()
    open_draft = draft(f"campaign-{campaign.id if campaign else 'new'}", stored, CampaignFacts.labels(), _spoken)
    which, drawn = open_draft.key, open_draft.drawn
    picture = _pick(campaign, heroes, open_draft)
    with st.form(which, border=False):
        values: dict[str, Any] = {
            "headline": st.text_input("Headline", drawn["headline"], key=f"{which}-headline"),
            "text": st.text_area("Text", drawn["text"], key=f"{which}-text"),
        }
        days = st.columns(2)
        values["starts_on"] = days[0].date_input("First day", drawn["starts_on"], key=f"{which}-first")
        values["ends_on"] = days[1].date_input("Last day", drawn["ends_on"], key=f"{which}-last")
        paths = list(dict.fromkeys([*PATHS, drawn["path"]]))
        values["path"] = st.selectbox(
            "It leads to",
            paths,
            index=paths.index(drawn["path"]),
            format_func=lambda path: PATHS.get(path, path),
            key=f"{which}-path",
        )
        values["button"] = st.text_input("Words on its button", drawn["button"], key=f"{which}-button")
        if st.form_submit_button("Keep" if campaign else "Add", type="primary"):
            _save_campaign(open_draft, campaign, {**values, "image_id": picture}, staff)
    open_draft.show_changes(stored)
    if campaign:
        _delete(
            f"delete-campaign-{campaign.id}",
            lambda tx: delete_campaign(tx.session, campaign.id, by=tx.by, now=tx.now),
            campaign.headline,
            staff,
        )


def _shop(goods: Sequence[Product], photos: Sequence[Image], staff: Staff) -> None:
    st.header("Shop", anchor=False)
    if not goods:
        st.info("There is nothing in the shop yet.")
    for number, product in enumerate(goods):
        state = "" if product.shown else ", not shown"
        label = f"{product.name}, {money(product.price_cents)}{state}"
        with st.expander(inert(label), key=f"about-product-{product.id}"):
            _product(product, photos, staff)
            with st.container(horizontal=True):
                _move(product, -1, "Towards the front", number == 0, staff)
                _move(product, 1, "Towards the end", number == len(goods) - 1, staff)
                _delete_product(product, staff)
    with st.expander("A new product"):
        _product(None, photos, staff)


def _product(product: Product | None, photos: Sequence[Image], staff: Staff) -> None:
    stored = ProductFacts.of(product).model_dump() if product else NEW_PRODUCT
    open_draft = draft(f"product-{product.id if product else 'new'}", stored, ProductFacts.labels(), _spoken)
    which, drawn = open_draft.key, open_draft.drawn
    picture = _pick(product, photos, open_draft)
    with st.form(which, border=False):
        values: dict[str, Any] = {
            "name": st.text_input("Name", drawn["name"], key=f"{which}-name"),
            "text": st.text_area("Text", drawn["text"], key=f"{which}-text"),
        }
        dollars = drawn["price_cents"] / 100
        values["price_cents"] = round(
            100 * st.number_input("Price in dollars", 0.0, 10_000.0, dollars, key=f"{which}-price")
        )
        values["shown"] = st.checkbox("Shown", drawn["shown"], key=f"{which}-shown")
        if st.form_submit_button("Keep" if product else "Add", type="primary"):
            _save_product(open_draft, product, {**values, "image_id": picture}, staff)
    open_draft.show_changes(stored)


def _spoken(field: str, value: Any) -> str:
    if field == "price_cents":
        return money(value)
    if field in ("starts_on", "ends_on"):
        return spoken_day(value)
    if field == "shown":
        return "yes" if value else "no"
    if field == "image_id":
        return f"number {value} of the page Images" if value else "none"
    return f"“{value}”"


def _new_campaign() -> dict[str, Any]:
    days = {"starts_on": _today(), "ends_on": _today() + WEEK}
    return {"headline": "", "text": "", "button": "", "path": "", **days, "image_id": None}


def _pick(thing: Campaign | Product | None, images: Sequence[Image], open_draft: Draft) -> int | None:
    """Image picker, outside of the form, so that the chosen image is drawn at once."""
    shown = {image.id: image for image in images}
    if thing is not None and thing.image is not None:
        shown.setdefault(thing.image.id, thing.image)
    ids, before = [None, *shown], open_draft.drawn["image_id"]
    chosen = st.selectbox(
        "Picture",
        ids,
        index=ids.index(before) if before in ids else 0,
        format_func=lambda image_id: "None" if image_id is None else shown[image_id].alt or shown[image_id].name,
        key=f"{open_draft.key}-picture",
        help="Those of the page Images that are ready and have their words.",
    )
    if chosen is not None:
        st.html(thumbnail(shown[chosen], 200))
    return chosen


def _save_campaign(open_draft: Draft, campaign: Campaign | None, values: dict[str, Any], staff: Staff) -> None:
    try:
        facts = CampaignFacts.parse(values)
    except Invalid as error:
        add_error(error)
    else:
        campaign_id = campaign.id if campaign else None
        open_draft.save(
            staff,
            lambda tx, shown: save_campaign(tx.session, campaign_id, facts, by=tx.by, now=tx.now, shown=shown),
            done=KEPT,
        )
    st.rerun()


def _save_product(open_draft: Draft, product: Product | None, values: dict[str, Any], staff: Staff) -> None:
    try:
        facts = ProductFacts.parse(values)
    except Invalid as error:
        add_error(error)
    else:
        product_id = product.id if product else None
        open_draft.save(
            staff,
            lambda tx, shown: save_product(tx.session, product_id, facts, by=tx.by, now=tx.now, shown=shown),
            done=KEPT,
        )
    st.rerun()


def _move(product: Product, places: int, label: str, disabled: bool, staff: Staff) -> None:
    def command(tx: Acting) -> None:
        move_product(tx.session, product.id, places, by=tx.by, now=tx.now)

    done = inert(f"{product.name} has moved.")
    st.button(label, key=f"{label}-{product.id}", on_click=_do, args=(command, done, staff), disabled=disabled)


def _delete_product(product: Product, staff: Staff) -> None:
    _delete(
        f"delete-{product.id}",
        lambda tx: delete_product(tx.session, product.id, by=tx.by, now=tx.now),
        product.name,
        staff,
    )


def _delete(key: str, command: Callable[[Acting], object], name: str, staff: Staff) -> None:
    with st.popover("Delete …", key=f"{key}-asked"):
        st.markdown("Its picture stays among the images.")
        st.button("Yes: delete", key=key, on_click=_do, args=(command, inert(f"{name} is deleted."), staff))


def _do(command: Callable[[Acting], object], done: str, shown_to: Staff) -> None:
    act(shown_to, command, done=done)


def _today() -> Any:
    return clock.now().astimezone(services().settings.zone).date()


page()
