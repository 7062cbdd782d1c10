"""How a mail is set: small, alone, in the house's colours, by day and by night."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from css_inline import CSSInliner
from jinja2 import UndefinedError

from core.mail.links import Links
from core.mail.rendering import INLINER, render
from core.mail.to_coach import request
from core.outbox.models import MessageKind
from core.platform.theme import COLORS
from tests.mail.reading import read
from tests.support.mail_samples import SAMPLES, gym, sample, settings, signer

WIDEST = {
    "customer_name": "W" * 80,
    "athlete_name": "W" * 80,
    "notes": "& <" * 333,
    "customer_phone": "+1 415-555-0134",
}
ALL = list(MessageKind)


@pytest.mark.parametrize("kind", ALL)
def test_a_mail_is_small_even_with_the_longest_words(kind: MessageKind) -> None:
    reasons: dict[str, Any] = (
        {} if kind is MessageKind.SIGN_IN else {**WIDEST, "denial_reason": "&" * 500, "cancel_reason": "&" * 500}
    )
    mail = read(sample(kind, **reasons))
    assert len(mail.html.encode()) < 30_000
    assert len(mail.mail.as_bytes()) < 100_000


@pytest.mark.parametrize("kind", ALL)
def test_a_mail_needs_nothing_from_elsewhere(kind: MessageKind) -> None:
    html = read(SAMPLES[kind]).html
    assert not re.search(r"<(img|link|script|form|iframe)\b|url\(|@import|src=", html)


@pytest.mark.parametrize("kind", ALL)
def test_every_colour_is_one_of_the_houses(kind: MessageKind) -> None:
    html = read(SAMPLES[kind]).html
    used = {colour.upper() for colour in re.findall(r"#[0-9A-Fa-f]{6}\b", html)}
    light, dark = set(COLORS["light"].values()), set(COLORS["dark"].values())
    assert used <= light | dark
    assert used & light
    assert used & dark


@pytest.mark.parametrize("kind", ALL)
def test_a_mail_is_one_column_of_tables_for_light_and_dark(kind: MessageKind) -> None:
    html = read(SAMPLES[kind]).html
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert 'width="600"' in html
    assert 'lang="en"' in html
    assert html.count("<h1") == 1
    assert html.count('scope="row"') >= 2


def test_styles_are_written_into_each_element() -> None:
    html = read(SAMPLES[MessageKind.REQUEST]).html
    button = re.search(r'<td class="primary"[^>]*>\s*<a [^>]*>', html)
    assert button is not None
    assert f"background-color: {COLORS['light']['accent']}" in button.group()
    assert f"color: {COLORS['light']['on_accent']}" in button.group()


def test_no_stylesheet_is_fetched_from_anywhere(tmp_path: Path) -> None:
    canary = tmp_path / "canary.css"
    canary.write_text("p { color: canary }")
    page = f'<html><head><link rel="stylesheet" href="file://{canary}"></head><body><p>hello</p></body></html>'
    assert "canary }" not in INLINER.inline(page)
    assert "color: canary" not in INLINER.inline(page)
    assert "color: canary" in CSSInliner().inline(page)  # what it does when nobody forbids it


def test_a_template_that_asks_for_what_nobody_gave_stops_the_mail() -> None:
    facts = request(SAMPLES[MessageKind.REQUEST], Links(settings, signer))
    with pytest.raises(UndefinedError, match="answer_by"):
        render(
            "request",
            replace(facts, words={name: word for name, word in facts.words.items() if name != "answer_by"}),
            gym=gym(),
        )


def test_the_text_has_no_margins_and_no_holes() -> None:
    for kind in ALL:
        text = read(SAMPLES[kind]).text
        assert "\n\n\n" not in text
        assert text == text.strip() + "\n"
        assert not any(line != line.rstrip() for line in text.split("\n"))
        assert "&amp;" not in text
