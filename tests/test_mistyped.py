"""A mail domain that is likely mistyped is asked about; one that exists is not."""

import pytest

from core.platform.mistyped_addresses import likely_meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ann@gmial.com", "ann@gmail.com"),
        ("ann@gmail.con", "ann@gmail.com"),
        ("Ann@GMAIL.CON", "Ann@gmail.com"),
        ("ann@gmal.com", "ann@gmail.com"),
        ("ann@gmaill.com", "ann@gmail.com"),
        ("ann@gamil.com", "ann@gmail.com"),
        ("ann@gmail.co", "ann@gmail.com"),
        ("ann@hotmial.com", "ann@hotmail.com"),
        ("ann@hotmai.com", "ann@hotmail.com"),
        ("ann@yahooo.com", "ann@yahoo.com"),
        ("ann@outlook.cmo", "ann@outlook.com"),
        ("ann@iclod.com", "ann@icloud.com"),
        ("ann@hotmial.con", "ann@hotmail.com"),
        ("ann@spirit.ogr", "ann@spirit.org"),
        ("ann@gmailcom", "ann@gmail.com"),
    ],
)
def test_a_likely_mistake_is_noticed(typed: str, meant: str) -> None:
    assert likely_meant(typed) == meant


@pytest.mark.parametrize(
    "right",
    [
        *("ann@gmail.com", "ann@ymail.com", "ann@mail.com", "ann@email.com", "ann@gmx.com", "ann@live.com"),
        *("ann@example.org", "ann@spirit.example", "ann@me.com", "ann@web.de", "ann@bücher.example", "ann@aol.com"),
        *("ann@mit.edu", "ann@hotmail.co.uk", "ann@yahoo.co.uk", "ann@yahoo.ca", "ann@outlook.de", "ann", "", "@"),
    ],
)
def test_an_address_that_may_well_be_right_is_left_alone(right: str) -> None:
    assert likely_meant(right) is None
