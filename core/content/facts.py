"""What an admin types about a campaign or a product, read into values; every refusal is a sentence by its field."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from core.content.models import Campaign, Product
from core.errors import Invalid
from core.text import one_line, paragraphs, something

Line = Annotated[str, AfterValidator(one_line)]
Visible = Annotated[str, AfterValidator(something)]


class Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Raises Invalid."""
        try:
            facts = cls.model_validate(values)
        except ValidationError as error:
            raise Invalid({str(problem["loc"][0]): _sentence(problem) for problem in error.errors()}) from None
        facts.check()
        return facts

    def check(self) -> None:
        """What concerns more than one field. Raises Invalid."""


class CampaignFacts(Facts):
    """As on Campaign."""

    headline: Annotated[Visible, Field(max_length=80)]
    text: Annotated[str, Field(max_length=400), AfterValidator(paragraphs)] = ""
    button: Annotated[Line, Field(max_length=40)] = ""
    path: Annotated[str, Field(max_length=120, pattern=r"^(/([\w-]+(/[\w-]+)*)?)?$")] = ""
    starts_on: date
    ends_on: date
    image_id: int | None = None

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignFacts":
        """As it stands."""
        return cls.model_construct(**{name: getattr(campaign, name) for name in cls.model_fields})

    def check(self) -> None:
        if self.ends_on < self.starts_on:
            raise Invalid({"ends_on": "The last day should not be before the first."})
        if bool(self.button) != bool(self.path):
            raise Invalid({"button": "A button needs its words and the page that it leads to."})


class ProductFacts(Facts):
    """As on Product."""

    name: Annotated[Visible, Field(max_length=80)]
    text: Annotated[str, Field(max_length=400), AfterValidator(paragraphs)] = ""
    price_cents: Annotated[int, Field(ge=0, le=1_000_000)]
    shown: bool = True
    image_id: int | None = None

    @classmethod
    def of(cls, product: Product) -> "ProductFacts":
        """As it stands."""
        return cls.model_construct(**{name: getattr(product, name) for name in cls.model_fields})


NAMES = {
    "headline": "Headline",
    "text": "Text",
    "button": "Words on the button",
    "path": "Page",
    "starts_on": "First day",
    "ends_on": "Last day",
    "name": "Name",
    "price_cents": "Price",
}


def _sentence(problem: Any) -> str:
    name, bounds = NAMES.get(str(problem["loc"][0]), "This"), problem.get("ctx", {})
    if problem["type"] == "value_error":
        return f"{name}: {str(problem['msg']).removeprefix('Value error, ')}"
    if "max_length" in bounds:
        return f"{name}: please shorten this to {bounds['max_length']} characters."
    if problem["type"] == "string_pattern_mismatch":
        return f"{name}: please write a page of this site, such as /coaches or /shop."
    if "ge" in bounds or "le" in bounds:
        return f"{name}: please choose something from $0 to $10,000."
    return f"{name}: please look at this again."
