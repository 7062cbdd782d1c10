"""CSRF check: whether a form came from our own page. Neither site relies on a cookie's SameSite: our ports are the same site."""

from collections.abc import Mapping


def is_own(headers: Mapping[str, str], base_url: str) -> bool:
    """
    Whether a request is same-origin, by the browser's own headers.

    Fetch metadata decides where a browser sends it ("same-site" is not enough); else the Origin must be ours. A
    request with neither was not sent by a browser's form.
    """
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return headers.get("origin") == base_url
