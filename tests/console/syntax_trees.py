"""The console's source as syntax trees: its modules, what their names stand for, and which of core's functions write."""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent.parent
HERE = ROOT / "console"
WRITING_METHODS = {("session", "add"), ("session", "add_all"), ("session", "delete")}
WRITING_NAMES = {"update", "delete", "insert"}
TRANSACTIONS = {"transact", "write", "write_engine"}


@dataclass(frozen=True)
class Module:
    """name: as in the console's folder, "app_pages/gym"."""

    name: str
    tree: ast.Module

    @property
    def imports(self) -> dict[str, str]:
        """What each imported name stands for, in full."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {alias.asname or alias.name: alias.name for alias in node.names}
        return found

    @property
    def functions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        return {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }


def modules() -> Iterator[Module]:
    """Every file of the console."""
    for path in sorted(HERE.rglob("*.py")):
        name = str(path.relative_to(HERE).with_suffix(""))
        yield Module(name, ast.parse(path.read_text(encoding="utf-8")))


def module_of(text: str, name: str = "made-up") -> Module:
    """For a test's own example."""
    return Module(name, ast.parse(textwrap.dedent(text)))


def called(node: ast.Call) -> str:
    """The name that is called, "st.button"."""
    return ast.unparse(node.func)


def calls(node: ast.AST) -> Iterator[ast.Call]:
    return (found for found in ast.walk(node) if isinstance(found, ast.Call))


def of_core(name: str, module: Module) -> Callable[..., Any] | None:
    """The function of core or analytics that a name in this module stands for."""
    first, *rest = name.split(".")
    full = ".".join([module.imports.get(first, first), *rest])
    if not full.startswith(("core.", "analytics.")):
        return None
    found = _resolve(full)
    return found if isinstance(found, FunctionType) else None


@cache
def writes(function: FunctionType) -> bool:
    """Whether it, or any function of ours that it calls, changes a database."""
    return _writes(function, set())


def _writes(function: FunctionType, seen: set[FunctionType]) -> bool:
    if function in seen or not function.__module__.startswith(("core.", "analytics.")):
        return False
    seen.add(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    if _sets_columns(tree):
        return True
    for node in calls(tree):
        name = called(node)
        first, _, last = name.rpartition(".")
        if (first, last) in WRITING_METHODS or name in WRITING_NAMES or last in TRANSACTIONS:
            return True
        inner = _value(name, function.__globals__)
        if isinstance(inner, FunctionType) and _writes(inner, seen):
            return True
    return False


def _sets_columns(tree: ast.AST) -> bool:
    """account.sound = on; session.flush(). A flush alone only lets a query see what was added before."""
    assigns = any(
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute) for node in ast.walk(tree)
    )
    return assigns and any(called(node) == "session.flush" for node in calls(tree))


def _value(name: str, values: dict[str, Any]) -> Any:
    first, *rest = name.split(".")
    found = values.get(first)
    for part in rest:
        found = getattr(found, part, None) if isinstance(found, ModuleType) else None
    return inspect.unwrap(found) if isinstance(found, FunctionType) else found


def _resolve(full: str) -> Any:
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError:
        parent, _, last = full.rpartition(".")
        return getattr(_resolve(parent), last, None) if parent else None
