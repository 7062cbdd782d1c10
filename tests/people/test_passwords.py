"""Passwords are kept by argon2id, and cost the same to refuse for everybody."""

import pytest

from core.errors import Invalid
from core.people import passwords
from core.people.passwords import hash_password, password_matches

REAL_HASHER = passwords._hasher


def test_the_real_hasher_is_argon2id_at_owasps_floor() -> None:
    hashed = REAL_HASHER.hash("chalk-and-rings")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "chalk" not in hashed


def test_a_password_matches_itself_and_nothing_else() -> None:
    hashed = hash_password("chalk-and-rings")
    assert password_matches(hashed, "chalk-and-rings")
    for other in ("", "chalk-and-ring", "Chalk-and-rings", "chalk-and-rings ", "chalk-and-rings\x00"):
        assert not password_matches(hashed, other)


def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("chalk-and-rings") != hash_password("chalk-and-rings")


@pytest.mark.parametrize("password", ["", "seven77", "p" * 257, "p" * 100_000])
def test_a_password_has_8_to_256_characters(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        hash_password(password)
    assert refusal.value.fields == {"password": "A password has 8 to 256 characters."}


@pytest.mark.parametrize("password", ["eight888", "p" * 256, "пароль-из-букв", "👟👟👟👟👟👟👟👟"])
def test_any_characters_will_do(password: str) -> None:
    assert password_matches(hash_password(password), password)


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_nothing_matches_an_account_without_a_usable_hash(kept: str | None) -> None:
    assert not password_matches(kept, "chalk-and-rings")
    assert not password_matches(kept, "nobody signs in with this")


def test_an_account_that_does_not_exist_costs_a_real_check(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Counting:
        def hash(self, password: str) -> str:
            return REAL_HASHER.hash(password)

        def verify(self, hashed: str, password: str) -> bool:
            verified.append(hashed)
            return REAL_HASHER.verify(hashed, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert not password_matches(None, "chalk-and-rings")
    assert verified == [passwords._nobodys_hash()]


def test_an_overlong_try_is_cut_not_hashed_whole() -> None:
    hashed = hash_password("p" * 256)
    assert password_matches(hashed, "p" * 1_000_000)
