"""Answers that are kept for some seconds, and tables that leave the house."""

import threading
from functools import partial

import pyarrow as pa
import pyarrow.parquet
import pytest

from analytics.table_export import as_csv, as_parquet
from analytics.ttl_cache import TtlCache


def test_the_same_question_is_asked_once_and_another_by_itself() -> None:
    answers, asked = TtlCache(), []

    def question(key: str) -> str:
        asked.append(key)
        return key.upper()

    for key in ("one", "one", "two", "one"):
        assert answers.of(key, partial(question, key)) == key.upper()
    assert asked == ["one", "two"]


def test_an_answer_grows_old() -> None:
    answers, asked = TtlCache(ttl_s=0), []
    for _ in range(3):
        answers.of("one", lambda: asked.append(1))
    assert len(asked) == 3


def test_an_answer_that_failed_is_asked_for_again() -> None:
    answers = TtlCache()
    with pytest.raises(ZeroDivisionError):
        answers.of("one", lambda: 1 / 0)
    assert answers.of("one", lambda: 7) == 7


def test_eight_who_ask_at_once_make_one_question() -> None:
    answers, asked, all_there = TtlCache(), [], threading.Barrier(8)

    def question() -> int:
        asked.append(1)
        return 7

    def ask() -> None:
        all_there.wait()
        assert answers.of("one", question) == 7

    people = [threading.Thread(target=ask) for _ in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(asked) == 1


def test_no_more_than_so_many_are_kept() -> None:
    answers = TtlCache(max_entries=2)
    asked: list[int] = []
    for key in (1, 2, 3, 1):
        answers.of(key, partial(asked.append, key))
    assert asked == [1, 2, 3, 1]


def test_a_spreadsheet_takes_no_text_for_a_formula() -> None:
    table = pa.table(
        {"=name": ["=HYPERLINK(1)", "+1", "-2", "@SUM", "\t=1", 'plain, with "quotes"'], "n": [1, -2, 3, 4, 5, None]}
    )
    lines = as_csv(table).decode("utf-8-sig").splitlines()
    assert lines[:3] == ['"\'=name","n"', '"\'=HYPERLINK(1)",1', '"\'+1",-2']
    assert lines[3:6] == ['"\'-2",3', '"\'@SUM",4', '"\'\t=1",5']
    assert lines[6] == '"plain, with ""quotes""",""'


def test_a_program_gets_types_and_all_digits() -> None:
    table = pa.table({"at_us": [1_795_000_000_123_456], "ms": [0.1]})
    assert pa.parquet.read_table(pa.BufferReader(as_parquet(table))).equals(table)
