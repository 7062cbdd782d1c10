"""The country of a time zone, from the CLDR's table: in which a phone number without a prefix is read."""

from babel.core import get_global
from phonenumbers import SUPPORTED_REGIONS

DEFAULT_COUNTRY = "US"  # for a zone of no country, such as UTC


def country_of(zone: str) -> str:
    """Two letters (ISO 3166), of the zone itself or of the one that it is another name for."""
    territories, aliases = get_global("zone_territories"), get_global("zone_aliases")
    found = territories.get(zone) or territories.get(aliases.get(zone, "")) or ""
    return found if found in SUPPORTED_REGIONS else DEFAULT_COUNTRY
