"""The forms of a campaign and of a product."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from core.errors import Invalid
from core.platform.forms import Form, Line, PriceCents, Visible, matching
from core.platform.text_cleaning import paragraphs

Path = Annotated[
    str,
    matching(r"(/([\w-]+(/[\w-]+)*)?)?", "Please write a page of this site, such as /coaches or /shop."),
]


class CampaignFacts(Form):
    """The form of a campaign; fields as on core.content.models.Campaign."""

    model_config = ConfigDict(str_strip_whitespace=True)

    headline: Annotated[Visible, Field(max_length=80, title="Headline")]
    text: Annotated[str, AfterValidator(paragraphs), Field(max_length=400, title="Text")] = ""
    button: Annotated[Line, Field(max_length=40, title="Words on its button")] = ""
    path: Annotated[Path, Field(max_length=120, title="It leads to")] = ""
    starts_on: Annotated[date, Field(title="First day")]
    ends_on: Annotated[date, Field(title="Last day")]
    image_id: Annotated[int | None, Field(title="Picture")] = None

    def check(self) -> None:
        if self.ends_on < self.starts_on:
            raise Invalid({"ends_on": "The last day should not be before the first."})
        if bool(self.button) != bool(self.path):
            raise Invalid({"button": "A button needs its words and the page that it leads to."})


class ProductFacts(Form):
    """The form of a product; fields as on core.content.models.Product."""

    model_config = ConfigDict(str_strip_whitespace=True)

    name: Annotated[Visible, Field(max_length=80, title="Name")]
    text: Annotated[str, AfterValidator(paragraphs), Field(max_length=400, title="Text")] = ""
    price_cents: Annotated[PriceCents, Field(title="Price")]
    shown: Annotated[bool, Field(title="Shown")] = True
    image_id: Annotated[int | None, Field(title="Picture")] = None
