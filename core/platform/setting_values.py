"""Validators of settings: parse and normalise one value each. Each raises ValueError, whose text says what is allowed."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from email.headerregistry import Address
from email.policy import SMTP
from ipaddress import ip_network
from urllib.parse import SplitResult, urlsplit

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
AN_ADDRESS = "an address such as https://lessons.example.org, without a path"
A_SENDER = "a sender such as Spirit Athletics <bookings@example.org>"
NETWORKS = "IP addresses or networks such as 10.0.0.0/8, separated by commas"


def web_address(value: str) -> str:
    """
    A base URL in the canonical form of an Origin: small letters, punycode, no default port, no slash at the end.

    A path is refused: cookies, forms and the console's websocket stand at the root of a host.

    Raises ValueError.
    """
    parts = split_address(value, AN_ADDRESS)
    if parts.path not in ("", "/") or "?" in value or "#" in value or parts.username is not None:
        raise ValueError(AN_ADDRESS)
    return origin_of(parts)


def split_address(value: str, wanted: str) -> SplitResult:
    """Parse an http or https URL; its host is there and its port valid. `wanted`: the text of the ValueError it raises."""
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(wanted) from None
    if parts.scheme not in DEFAULT_PORTS or not host or port == 0 or any(sign.isspace() for sign in value):
        raise ValueError(wanted)
    return parts


def origin_of(parts: SplitResult) -> str:
    """The origin (RFC 6454) of a URL: scheme, host and port as browsers write them."""
    host = _host(parts.hostname or "")
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def same_host(given: str, ours: str) -> bool:
    """Whether a Host header matches the base URL `ours`, in any case of letters, with the default port or not."""
    parts = urlsplit(ours)
    try:
        return origin_of(urlsplit(f"{parts.scheme}://{given}")) == ours
    except ValueError:
        return False


def _host(host: str) -> str:
    if ":" in host:
        return f"[{host}]"
    try:
        found = host.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        raise ValueError(AN_ADDRESS) from None
    if not HOST.fullmatch(found):
        raise ValueError(AN_ADDRESS)
    return found


def sender(value: str) -> str:
    """
    A From address as the mail library writes it, quotes included: "Spirit, Inc" <bookings@example.org>.

    What stands before the last "<" is the name. The library reads the result back; what it reads otherwise is refused.

    Raises ValueError.
    """
    name, bracket, rest = value.strip().rpartition("<")
    address = rest.strip().removesuffix(">").strip() if bracket else value.strip()
    try:
        found = validate_email(address, allow_smtputf8=False, check_deliverability=False, test_environment=True)
        wanted = Address(_unquoted(name), addr_spec=found.ascii_email or "")
        read = SMTP.header_factory("From", str(wanted))
    except (EmailNotValidError, ValueError, IndexError):
        raise ValueError(A_SENDER) from None
    if read.defects or [(one.display_name, one.addr_spec) for one in read.addresses] != [
        (wanted.display_name, wanted.addr_spec)
    ]:
        raise ValueError(A_SENDER)
    return str(wanted)


def read_sender(value: str) -> Address:
    """Parse a From address that `sender` has written; that of every mail and calendar entry."""
    (found,) = SMTP.header_factory("From", value).addresses
    return Address(found.display_name, addr_spec=found.addr_spec)


def _unquoted(name: str) -> str:
    name = name.strip()
    if not name.isprintable():
        raise ValueError(A_SENDER)
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return " ".join(name.split())


def networks(listed: Iterable[str]) -> tuple[str, ...]:
    """IP addresses and CIDR networks in canonical form, as uvicorn reads them: 10.1.2.3/8 is 10.0.0.0/8. Raises ValueError."""
    try:
        found = [ip_network(part, strict=False) for part in listed]
    except ValueError:
        raise ValueError(NETWORKS) from None
    return tuple(str(one.network_address) if one.num_addresses == 1 else str(one) for one in found)


def database_address(value: str, schemes: tuple[str, ...]) -> str:
    """A database URL that SQLAlchemy can read; SQLite's names a file, for other processes open it as well. Raises ValueError."""
    wanted = "an address that begins with " + ", ".join(f"{scheme}://" for scheme in schemes)
    if not value:
        return value
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError(wanted) from None
    if url.get_backend_name() not in schemes:
        raise ValueError(wanted)
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("sqlite:/// and a path: it is a file that several processes open")
    return value


def bearer(value: str) -> str:
    """A bearer token: printable ASCII without blanks, for it comes back in a header. Raises ValueError."""
    if not value.isascii() or any(sign.isspace() or not sign.isprintable() for sign in value):
        raise ValueError("letters, digits and signs of ASCII without spaces, since it is sent in a header")
    return value


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The closest match of a mistyped name among the known ones; None if none is close."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.7)), None)  # 0.7: one or two slips
