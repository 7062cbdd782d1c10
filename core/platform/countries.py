"""The country of a time zone, by the CLDR's table: the default region of phone numbers without a prefix."""

from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

DEFAULT_COUNTRY = "US"  # for a zone of no country, such as UTC


def country_of(zone: str) -> str:
    """The zone's country in two letters (ISO 3166); an alias has that of its zone, one without a country DEFAULT_COUNTRY."""
    territories, aliases = get_global("zone_territories"), get_global("zone_aliases")
    found = territories.get(zone) or territories.get(aliases.get(zone, "")) or ""
    return found if found in SUPPORTED_REGIONS else DEFAULT_COUNTRY
