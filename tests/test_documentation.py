"""What the documentation names is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(("page", "at_least"), [("docs/reliability.md", 30), ("CONTRIBUTING.md", 8)])
def test_every_test_that_a_page_names_is_there(page: str, at_least: int) -> None:
    named = set(re.findall(r"`((?:\w+/)?test_\w+\.py)", (ROOT / page).read_text()))
    assert len(named) >= at_least
    assert [name for name in sorted(named) if not (ROOT / "tests" / name.removeprefix("tests/")).exists()] == []


def test_every_page_of_the_handbook_is_led_to_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in (ROOT / "docs").glob("*.md") if f"docs/{page.name}" not in readme] == []


def test_where_to_change_what_leads_to_files_that_are_there() -> None:
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("## Where to change what")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([\w/]+\.(?:py|css)|\w[\w/]*/)`", section))
    assert len(named) > 40
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_decision_is_in_the_index_and_every_link_leads_to_one() -> None:
    text = (ROOT / "DECISIONS.md").read_text()
    index, _, entries = text.partition("\n## By subject\n")[2].partition("\n## ")
    headings = re.findall(r"^## (.+)$", f"## {entries}", re.MULTILINE)
    linked = re.findall(r"^- \[(.+)\]\(#(.+)\)$", index, re.MULTILINE)
    assert sorted(heading for heading, _ in linked) == sorted(headings)
    assert [anchor for heading, anchor in linked if anchor != _anchor(heading)] == []


def test_the_hooks_of_pre_commit_are_the_commands_of_make_check() -> None:
    recipe = re.search(r"^check:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    commands = [line.removeprefix("\t@").replace("$(BIN)", ".venv/bin") for line in recipe[1].splitlines()]
    hooks = re.findall(r"^ +entry: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)
    assert [re.sub(r'^bash -c "(.+)"$', r"\1", hook) for hook in hooks] == commands


def test_every_word_lives_where_its_page_says() -> None:
    paths = re.findall(
        r"`((?:core|analytics|console|public_site)/[\w/.]*|tasks\.py)`", (ROOT / "docs" / "words.md").read_text()
    )
    assert len(paths) > 50
    assert [path for path in paths if not (ROOT / path).exists()] == []


TOPS = [ROOT / top for top in ("core", "analytics", "console", "public_site")]
PACKAGES = [file.parent for top in TOPS for file in sorted(top.rglob("__init__.py")) if file.parent.name != "versions"]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(ROOT)))
def test_every_module_is_once_on_the_map_of_its_package_with_a_caption(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text())) or ""
    named = re.findall(r"^ +(\w+(?:\.py|/)) +\S", text, re.MULTILINE)
    modules = [file.name for file in package.glob("*.py") if file.name != "__init__.py"]
    packages = [f"{file.parent.name}/" for file in package.glob("*/__init__.py")]
    on_the_map = sorted(entry for entry in named if entry.endswith(".py") or entry in packages)
    assert on_the_map == sorted(modules + packages)


def _anchor(heading: str) -> str:
    """As the pages of a repository make it from a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
