"""One base for every form: its sentences are the same wherever the same mistake is made."""

import enum
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import AwareDatetime, Field

import core
from core.bookings.lesson_request import LessonRequest
from core.content.campaign_and_product_forms import CampaignFacts, ProductFacts
from core.errors import Invalid
from core.gym.rules import GymRules
from core.gym.texts import GymTexts
from core.platform.forms import Form, PriceCents, Visible, matching
from core.schedule.lessons import LessonFacts
from core.schedule.preferences import Preferences

CORE = Path(core.__file__).parent
EVERY_FORM = (CampaignFacts, GymRules, GymTexts, LessonFacts, LessonRequest, Preferences, ProductFacts)


class Level(enum.StrEnum):
    FIRST = "first"
    SECOND = "second"


class Sample(Form):
    """A field of each kind."""

    name: Annotated[Visible, Field(max_length=5)] = "Ida"
    code: Annotated[str, matching("[a-z]+", "Please use small letters.")] = "a"
    count: Annotated[int, Field(ge=2, le=9)] = 2
    price: PriceCents = 0
    level: Level = Level.FIRST
    day: date = date(2026, 11, 24)
    at: AwareDatetime | None = None
    wanted: bool = True
    titled: Annotated[int, Field(ge=1, title="Places")] = 1


def refused(form: type[Form], values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        form.parse(values)
    return refusal.value.fields


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "\u200b", "Please fill this in."),
        ("name", "Isabella", "Please shorten this to 5 characters."),
        ("name", 5, "This should be text."),
        ("code", "A", "Please use small letters."),
        ("code", "a\n", "Please use small letters."),
        ("count", 1, "This should be at least 2."),
        ("count", 10, "This should be at most 9."),
        ("count", "many", "This should be a whole number."),
        ("count", "9" * 5000, "This should be a whole number."),
        ("count", 2.5, "This should be a whole number."),
        ("price", 1_000_001, "Please choose something from $0 to $10,000."),
        ("level", "third", "Please choose one of: first, second."),
        ("day", "soon", "This is not a day we can read; it should look like 2026-11-24."),
        ("at", "soon", "This is not a time we can read; it should look like 2026-11-24T16:00:00Z."),
        ("at", "2026-11-24T16:00:00", "The time needs its zone, such as 2026-11-24T16:00:00Z."),
        ("wanted", "perhaps", "This is on or off."),
        ("titled", 0, "Places: this should be at least 1."),
        ("more", 1, "We do not know this field."),
    ],
)
def test_each_kind_of_mistake_has_one_sentence(field: str, value: Any, sentence: str) -> None:
    assert refused(Sample, {field: value}) == {field: sentence}


@pytest.mark.parametrize("form", EVERY_FORM)
def test_every_form_says_the_same_of_what_is_missing_and_of_what_it_does_not_know(form: type[Form]) -> None:
    needed = [name for name, field in form.model_fields.items() if field.is_required()]
    labels = form.labels()
    missing = {name: f"{labels[name]}: please fill this in." if labels else "Please fill this in." for name in needed}
    assert refused(form, {"mood": 1}) == missing | {"mood": "We do not know this field."}


@pytest.mark.parametrize("form", EVERY_FORM)
def test_a_form_that_labels_a_field_labels_all(form: type[Form]) -> None:
    assert not form.labels() or form.labels().keys() == form.model_fields.keys()


def test_no_other_module_makes_sentences_of_pydantics_errors() -> None:
    """The settings do: an operator reads the variable, its value and what is allowed."""
    theirs = {
        path.relative_to(CORE).as_posix()
        for path in CORE.rglob("*.py")
        if "versions" not in path.parts and "ValidationError" in path.read_text(encoding="utf-8")
    }
    assert theirs == {"platform/forms.py", "platform/settings.py"}
