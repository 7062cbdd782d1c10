"""Release identifier of the running program: its version, and its commit where there is one."""

import contextlib
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHOWN = 8


@cache
def release() -> str:
    """The release: "0.1.0+64d1467d" in a clone, "0.1.0" where it was installed from a package."""
    commit = commit_of(ROOT)
    version = metadata.version("spirit-athletics")
    return f"{version}+{commit[:SHOWN]}" if commit else version


def commit_of(folder: Path) -> str | None:
    """The commit that is checked out in a folder, read from git's own files; None where there is none. Git need not be installed."""
    with contextlib.suppress(OSError):
        head = (folder / ".git" / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head or None
        name = head.removeprefix("ref: ")
        with contextlib.suppress(OSError):
            return (folder / ".git" / name).read_text().strip()
        for line in (folder / ".git" / "packed-refs").read_text().splitlines():
            if line.endswith(f" {name}"):
                return line.split()[0]
    return None
