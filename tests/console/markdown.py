"""Which texts of the console Streamlit reads as Markdown, and whether each is a constant or goes through `inert`."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.console.syntax_trees import Module, called

FIRST = {
    *("markdown", "caption", "title", "header", "subheader", "success", "error", "info", "warning", "toast", "badge"),
    *("button", "form_submit_button", "download_button", "link_button", "expander", "popover", "checkbox", "toggle"),
    *("radio", "selectbox", "multiselect", "segmented_control", "pills", "text_input", "text_area", "number_input"),
    *("date_input", "time_input", "datetime_input", "slider", "file_uploader", "metric", "status", "spinner"),
    "download",
}  # their first argument
NAMED = {"help", "label", "body", "caption", "done", "placeholder"}  # wherever they stand
SECOND = {"progress", "file_uploader_text"}  # a share, then the text
CHOICES = {"radio", "segmented_control", "pills"}  # whose options are Markdown too
SAFE_CALLS = {
    *(
        "inert",
        "len",
        "sum",
        "money",
        "file_size",
        "ms",
        "share",
        "rate",
        "change",
        "round",
        "int",
        "abs",
        "str.format",
    ),
    *(
        "spoken_time",
        "spoken_instant",
        "spoken_day",
        "spoken_length",
        "time_left",
        "clock_time",
        "zone_name",
        "waiting_time",
    ),
}
NUMBERS = {"count", "number", "is_urgent", "day", "num_rows"}
CHECKED_ELSEWHERE = {
    ("widgets/acting", "done"): "at each call of act",
    ("widgets/form_drafts", "done"): "at each call of Draft.save",
    ("widgets/flash", "sentence"): "at each call of add_success; an error's words are made inert in add_error",
    ("widgets/pager", "back"): "of constants, at each call of turn_page",
    ("widgets/pager", "forward"): "the same",
    ("app_pages/guide", "titles"): "the chapters are files of ours, written as Markdown",
    ("app_pages/guide", "part.text"): "the same",
    ("bookings/booking_detail", "label"): "of a list of constants, made in the same function",
}


@dataclass
class Reader:
    """Reads one module. A name is followed to what is assigned to it, a parameter to what its callers pass."""

    module: Module
    seen: set[tuple[str, str]] = field(default_factory=set)

    def faults(self) -> list[str]:
        found = []
        for function, node in self._placed():
            for text in _texts(node):
                self.seen = set()
                ours = (self.module.name, ast.unparse(text)) in CHECKED_ELSEWHERE
                if not ours and not self.is_safe(text, function):
                    found.append(f"{self.module.name}:{node.lineno} {called(node)}({ast.unparse(text)})")
        return found

    def is_safe(self, node: ast.expr | None, function: ast.AST) -> bool:
        match node:
            case None | ast.Constant() | ast.Compare() | ast.UnaryOp():
                return True
            case ast.FormattedValue():
                return _is_number_format(node) or self.is_safe(node.value, function)
            case ast.Call():
                return self._is_safe_call(node, function)
            case ast.Name():
                return self._is_safe_name(node.id, function)
            case ast.Attribute():
                return node.attr in NUMBERS or node.attr == "value" or node.attr.isupper()  # an enum's value
        parts = _parts(node)
        return parts is not None and all(self.is_safe(part, function) for part in parts)

    def _is_safe_call(self, node: ast.Call, function: ast.AST) -> bool:
        name = called(node)
        if name.rpartition(".")[2] in SAFE_CALLS:
            return True
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("join", "format", "capitalize", "lower"):
            return self.is_safe(node.func.value, function) and all(self.is_safe(one, function) for one in node.args)
        if name in (
            "dict.fromkeys",
            "list",
            "sorted",
            "tuple",
            "iter",
            "next",
            "enumerate",
            "zip",
            "range",
            "reversed",
        ):
            return all(self.is_safe(one, function) for one in node.args)
        inner = self.module.functions.get(name)
        if inner is None or ("call", name) in self.seen:
            return inner is not None
        self.seen.add(("call", name))
        answers = [one.value for one in ast.walk(inner) if isinstance(one, ast.Return)]
        return bool(answers) and all(self.is_safe(answer, inner) for answer in answers)

    def _is_safe_name(self, name: str, function: ast.AST) -> bool:
        if name.isupper() or name in {"True", "False"}:
            return True
        key = (getattr(function, "name", ""), name)
        if key in self.seen:
            return True
        self.seen.add(key)
        values = list(_assigned(name, function))
        if values:
            return all(self.is_safe(value, function) for value in values)
        return self._is_safe_parameter(name, function)

    def _is_safe_parameter(self, name: str, function: ast.AST) -> bool:
        """A public function's parameter is anybody's; a private one's is what this module passes."""
        if not isinstance(function, ast.FunctionDef):
            return False
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        keyword_only = [argument.arg for argument in function.args.kwonlyargs]
        if name not in (*names, *keyword_only):
            return False
        annotation = next(one.annotation for one in _arguments(function) if one.arg == name)
        if annotation is not None and ast.unparse(annotation) in ("int", "float", "bool"):
            return True
        passed = list(self._passed(function, names.index(name) if name in names else -1, name))
        return bool(passed) and all(self.is_safe(value, where) for where, value in passed)

    def _passed(self, function: ast.FunctionDef, at: int, name: str) -> Iterator[tuple[ast.AST, ast.expr]]:
        for where, node in self._placed():
            if called(node) == function.name:
                yield from ((where, keyword.value) for keyword in node.keywords if keyword.arg == name)
                if 0 <= at < len(node.args):
                    yield where, node.args[at]
            for keyword in node.keywords:  # st.button(on_click=function, args=(…))
                if keyword.arg in ("on_click", "on_change") and ast.unparse(keyword.value) == function.name:
                    args = next((one.value for one in node.keywords if one.arg == "args"), None)
                    if isinstance(args, ast.Tuple) and 0 <= at < len(args.elts):
                        yield where, args.elts[at]

    def _placed(self) -> Iterator[tuple[ast.AST, ast.Call]]:
        """Every call, with the innermost function that it stands in."""

        def walk(node: ast.AST, function: ast.AST) -> Iterator[tuple[ast.AST, ast.Call]]:
            for child in ast.iter_child_nodes(node):
                inner = child if isinstance(child, ast.FunctionDef) else function
                if isinstance(child, ast.Call):
                    yield function, child
                yield from walk(child, inner)

        yield from walk(self.module.tree, self.module.tree)


def _parts(node: ast.expr) -> list[ast.expr] | None:
    """What a text is put together from; None for what is not known to be harmless."""
    match node:
        case ast.JoinedStr() | ast.BoolOp() | ast.Dict():
            return [value for value in node.values if value is not None]
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.BinOp():
            return [node.left, node.right]
        case ast.Tuple() | ast.List() | ast.Set():
            return node.elts
        case ast.Starred() | ast.Subscript():
            return [node.value]
        case ast.GeneratorExp() | ast.ListComp():
            return [node.elt]
    return None


def _texts(node: ast.Call) -> Iterator[ast.expr]:
    if not isinstance(node.func, ast.Attribute) and called(node) not in ("act", "download", "add_success"):
        return
    name = called(node).rpartition(".")[2]
    if name in FIRST or name == "add_success":
        yield from node.args[:1]
    if name in SECOND:
        yield from node.args[1:2]
    if name == "tabs":
        yield from node.args[:1]
    if name in CHOICES:
        yield from node.args[1:2]
    if name in FIRST | SECOND | {"act", "add_success", "page_link", "image", "tabs"}:
        yield from (keyword.value for keyword in node.keywords if keyword.arg in NAMED)


def _assigned(name: str, function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=found)]) if found == name:
                yield node.value
            case ast.Assign(targets=[ast.Tuple(elts=elts)]) if any(
                isinstance(e, ast.Name) and e.id == name for e in elts
            ):
                at = next(i for i, e in enumerate(elts) if isinstance(e, ast.Name) and e.id == name)
                yield node.value.elts[at] if isinstance(node.value, ast.Tuple) else node.value
            case (
                ast.AugAssign(target=ast.Name(id=found))
                | ast.NamedExpr(target=ast.Name(id=found))
                | ast.AnnAssign(target=ast.Name(id=found))
            ) if found == name and node.value is not None:
                yield node.value
            case ast.For(target=target) | ast.comprehension(target=target) if _names(target, name):
                yield from _elements(node.iter, target, name)


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _names(target: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(target))


def _elements(iterated: ast.expr, target: ast.expr, name: str) -> Iterator[ast.expr]:
    """What a loop's name becomes: the same place of each element of a literal; otherwise the whole."""
    if isinstance(iterated, ast.Tuple | ast.List) and isinstance(target, ast.Tuple):
        at = next((i for i, part in enumerate(target.elts) if isinstance(part, ast.Name) and part.id == name), None)
        for element in iterated.elts:
            yield element.elts[at] if at is not None and isinstance(element, ast.Tuple) else element
    elif isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute) and iterated.func.attr == "items":
        yield iterated.func.value
    else:
        yield iterated


def _is_number_format(node: ast.FormattedValue) -> bool:
    """f"{share:.0%}", f"{count:,}", f"{day:%b %d}"."""
    spec = ast.unparse(node.format_spec) if node.format_spec is not None else ""
    return "%" in spec or spec[-2:-1] in ("f", "d", ",")
