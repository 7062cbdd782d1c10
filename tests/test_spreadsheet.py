"""No cell of a downloaded table begins like a formula."""

import csv
import io

import pytest

from core.platform.csv_export import as_csv, cell

HOSTILE = [
    "=1+2",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "\u00a0=1",
    "\ufeff=cmd|' /C calc'!A0",
    "＝1",
    "|calc",
    "%x",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_what_begins_like_a_formula_is_text(value: str) -> None:
    assert cell(value) == f"'{value}"
    read = list(csv.reader(io.StringIO(as_csv(("Name",), [[value]]).decode("utf-8-sig"), newline="")))
    assert read[1] == [f"'{value}"]


@pytest.mark.parametrize("value", ["", "Ida", "1=2", "Zoë “Z” Müller, Jr.", "a\nb", '"'])
def test_all_else_is_as_it_was(value: str) -> None:
    read = list(csv.reader(io.StringIO(as_csv(("Name",), [[value]]).decode("utf-8-sig"), newline="")))
    assert read == [["Name"], [value]]


def test_numbers_stay_numbers_and_what_is_missing_is_empty() -> None:
    assert as_csv(("=n",), [[-1], [None], ["-1"]]).decode("utf-8-sig").split() == ['"\'=n"', "-1", '""', '"\'-1"']
