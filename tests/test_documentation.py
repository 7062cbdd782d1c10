"""What the documentation names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_test_that_reliability_names_is_there() -> None:
    named = set(re.findall(r"`((?:\w+/)?test_\w+\.py)", (ROOT / "docs/reliability.md").read_text()))
    assert len(named) > 30
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).exists()] == []


def test_every_page_of_the_handbook_is_led_to_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in readme] == []
