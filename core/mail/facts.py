"""
Template facts: what one mail says beyond its template's sentences, and the table of the functions that gather them.

`@facts_of(kind)` marks the function of one kind; `@common_facts_of(audience)` the one for all kinds that have none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from core.mail.links import Links
from core.mail.mail_context import MailContext
from core.outbox.kinds import Audience, MessageKind


@dataclass(frozen=True)
class Action:
    """A button. Its address is written beneath it."""

    label: str
    address: str
    primary: bool = False


@dataclass(frozen=True)
class Item:
    """One entry of a list."""

    title: str
    line: str
    answer: str | None = None  # where to answer it


@dataclass(frozen=True)
class Section:
    """A list under a heading."""

    title: str
    items: Sequence[Item]
    more: str = ""  # a sentence about those that are left out


@dataclass(frozen=True)
class Facts:
    """What one mail says beyond its template's sentences, the same in text and HTML."""

    rows: Sequence[tuple[str, str]]  # the table: label and value
    actions: Sequence[Action] = ()
    quote: tuple[str, str] | None = None  # a label, and somebody's own words
    words: dict[str, object] = field(default_factory=dict)  # the template's variables
    note: str = ""  # a sentence above all others, on why this reader gets it
    sections: Sequence[Section] = ()
    stop: Action | None = None  # where this kind of mail is switched off, also without opening a page (RFC 8058)


FactsFunction: TypeAlias = Callable[[MailContext, Links], Facts]

_BY_KIND: dict[MessageKind, FactsFunction] = {}
_BY_AUDIENCE: dict[Audience, FactsFunction] = {}


def facts_of(kind: MessageKind) -> Callable[[FactsFunction], FactsFunction]:
    """Decorator: this function gathers the facts of this kind of mail."""

    def register(function: FactsFunction) -> FactsFunction:
        _BY_KIND[kind] = function
        return function

    return register


def common_facts_of(audience: Audience) -> Callable[[FactsFunction], FactsFunction]:
    """Decorator: this function gathers the facts of every kind to this audience that has no function of its own."""

    def register(function: FactsFunction) -> FactsFunction:
        _BY_AUDIENCE[audience] = function
        return function

    return register


def gather(context: MailContext, links: Links) -> Facts:
    """What this mail says. Pure."""
    kind = context.message.kind
    return (_BY_KIND.get(kind) or _BY_AUDIENCE[kind.spec.audience])(context, links)
