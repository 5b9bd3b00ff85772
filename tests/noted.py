"""Every note the package can make, read from its code: what flows into `notes` is followed back to its words."""

import ast
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import NoReturn

HOLE = "{}"  # what stands for a number or a name in what is found
Words = set[str]


class NotFollowed(AssertionError):
    """Code from which no note can be read: write it plainer, or teach this file to read it."""


class Code:
    """The files of a package, and what is where in them."""

    def __init__(self, root: Path) -> None:
        self.around: dict[ast.AST, ast.AST] = {}
        self.file: dict[ast.AST, str] = {}
        for path in sorted(root.rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            self.file[tree] = str(path.relative_to(root))
            self.around |= {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.calls = [node for node in self.around if isinstance(node, ast.Call)]
        self.functions = [node for node in self.around if isinstance(node, ast.FunctionDef)]
        self._following: set[tuple[ast.AST, str]] = set()

    def notes(self) -> Words:
        """The words of every note, whatever is given to a field or an argument called notes."""
        places = {name: at for node in self.around for name, at in _fields(node)}
        found: Words = set()
        for call in self.calls:
            at = places.get(_called(call), len(call.args))
            if any(isinstance(one, ast.Starred) for one in call.args[:at]) and _called(call) in places:
                self._give_up(call)
            given = call.args[at : at + 1] + [one.value for one in call.keywords if one.arg == "notes"]
            for node in given:
                found |= self.listed(node)
        return found

    def listed(self, node: ast.expr) -> Words:
        """The words of the strings in a list, a tuple or the like."""
        match node:
            case ast.List() | ast.Tuple():
                each = (self.listed(e.value) if isinstance(e, ast.Starred) else self.worded(e) for e in node.elts)
                return set().union(*each)
            case ast.ListComp() | ast.GeneratorExp():
                return self.worded(node.elt)
            case ast.Attribute(attr="notes"):
                return set()  # another's, read where they were given to it
            case ast.Call(func=ast.Name(id="list" | "tuple" | "sorted")):
                return self.listed(node.args[0])
        return self._followed(node, self.listed)

    def worded(self, node: ast.expr) -> Words:
        """The words a string can have."""
        match node:
            case ast.Constant(value=str(said)):
                return {said}
            case ast.JoinedStr():
                return _joined([self._part(one) for one in node.values])
            case ast.BinOp(op=ast.Add()):
                return _joined([self.worded(node.left), self.worded(node.right)])
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(between)), attr="join")):
                return {HOLE, HOLE + between + HOLE}
            case ast.Call(func=ast.Attribute(attr="get"), args=[_, other]):
                return {HOLE} | self.worded(other)
            case ast.Attribute():
                found = [one for one in self.functions if one.name == node.attr and _is_property(one)]
                if len(found) == 1:
                    return self._returned(found, self.worded)
        return self._followed(node, self.worded)

    def _part(self, node: ast.expr) -> Words:
        """A part of an f-string: where it leads to no words it is a number, or a name that was given."""
        if not isinstance(node, ast.FormattedValue):
            return self.worded(node)
        try:
            return {HOLE} if node.format_spec or node.conversion == ord("r") else self.worded(node.value)
        except NotFollowed:
            if any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in ast.walk(node.value)):
                raise  # words of its own
            return {HOLE}

    def _followed(self, node: ast.expr, read: Callable[[ast.expr], Words]) -> Words:
        """What lists and strings have in common: choices, names and calls of the package's own functions."""
        match node:
            case ast.IfExp():
                return read(node.body) | read(node.orelse)
            case ast.Name():
                return self._named(node, read)
            case ast.Call():
                found = [one for one in self.functions if one.name == _called(node)]
                if found:
                    return self._returned(found, read)
        self._give_up(node)
        raise AssertionError

    def _named(self, name: ast.Name, read: Callable[[ast.expr], Words]) -> Words:
        """Where a name was given its value: in the function, by those who call it, or in the file."""
        if (name, read.__name__) in self._following:
            return set()  # notes = [*notes, ...]
        self._following.add((name, read.__name__))
        try:
            for scope in self._scopes(name):
                found, known = self._given(scope, name.id, read)
                if known:
                    return found
        finally:
            self._following.discard((name, read.__name__))
        self._give_up(name)
        raise AssertionError

    def _given(self, scope: ast.AST, name: str, read: Callable[[ast.expr], Words]) -> tuple[Words, bool]:
        """All that a name is given in a function or a file, and whether it is given anything."""
        found, known = set(), False
        for node in ast.walk(scope):
            match node:
                case ast.Assign(targets=[ast.Name(id=own)], value=value) if own == name:
                    found |= read(value)
                case ast.AnnAssign(target=ast.Name(id=own), value=ast.expr() as value) if own == name:
                    found |= read(value)
                case ast.AugAssign(target=ast.Name(id=own), value=value) if own == name:
                    found |= read(value)
                case ast.Assign(targets=[ast.Tuple(elts=elts)], value=value) if any(_is(one, name) for one in elts):
                    found |= self._unpacked([_is(one, name) for one in elts].index(True), value, read)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr="append"), args=[value]) if own == name:
                    found |= self.worded(value)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=own), attr="extend"), args=[value]) if own == name:
                    found |= self.listed(value)
                case ast.Call(func=ast.Attribute(value=ast.Name(id=own))) if own == name:
                    self._give_up(node)
                case ast.Name(id=own, ctx=ast.Store()) if own == name:
                    if not isinstance(self._statement(node), ast.Assign | ast.AnnAssign | ast.AugAssign):
                        self._give_up(node)  # a loop's
                case ast.arg(arg=own) if own == name and self._owner(node) is scope:
                    found |= self._passed(scope, name, read)
                case _:
                    continue
            known = True
        return found, known

    def _unpacked(self, at: int, value: ast.expr, read: Callable[[ast.expr], Words]) -> Words:
        def element(returned: ast.expr) -> Words:
            if not isinstance(returned, ast.Tuple):
                self._give_up(returned)
            return read(returned.elts[at])

        return element(value) if isinstance(value, ast.Tuple) else self._followed(value, element)

    def _passed(self, function: ast.FunctionDef, name: str, read: Callable[[ast.expr], Words]) -> Words:
        """What callers give for an argument, and its default."""
        args = function.args
        names = [one.arg for one in (*args.posonlyargs, *args.args)]
        at = names.index(name) - (names[0] in ("self", "cls")) if name in names else len(function.args.args)
        defaults = dict(zip(reversed(names), reversed(args.defaults), strict=False))
        defaults |= {one.arg: given for one, given in zip(args.kwonlyargs, args.kw_defaults, strict=True) if given}
        given = [defaults[name]] if name in defaults else []
        for call in self.calls:
            if _called(call) == function.name:
                if any(isinstance(one, ast.Starred) for one in call.args[: at + 1]):
                    self._give_up(call)
                given += call.args[at : at + 1] + [one.value for one in call.keywords if one.arg == name]
        if not given:
            raise NotFollowed(f"nobody seems to call {function.name} with {name}")
        return set().union(*map(read, given))

    def _returned(self, functions: list[ast.FunctionDef], read: Callable[[ast.expr], Words]) -> Words:
        found: Words = set()
        for function, node in ((one, node) for one in functions for node in ast.walk(one)):
            strings = function.returns is not None and ast.unparse(function.returns) == "Iterator[str]"
            match node:
                case ast.Return(value=ast.expr() as value):
                    found |= read(value)
                case ast.Yield(value=ast.expr() as value) if strings:
                    found |= self.worded(value)
                case ast.YieldFrom(value=value) if strings:
                    found |= self.listed(value)
        return found

    def _owner(self, arg: ast.arg) -> ast.AST:
        return self.around[self.around[arg]]

    def _statement(self, name: ast.Name) -> ast.AST:
        """What gives a name its value, past the tuple it may stand in."""
        node = self.around[name]
        return self.around[node] if isinstance(node, ast.Tuple) else node

    def _scopes(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.around:
            node = self.around[node]
            if isinstance(node, ast.FunctionDef | ast.Module):
                yield node

    def _give_up(self, node: ast.expr | ast.Call) -> NoReturn:
        raise NotFollowed(f"{self.file[list(self._scopes(node))[-1]]}:{node.lineno}: {ast.unparse(node)}")


def _fields(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The class and the place among its fields, where one is called notes."""
    if isinstance(node, ast.ClassDef):
        names = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign) and _is(one.target)]
        yield from [(node.name, names.index("notes"))] if "notes" in names else []


def _joined(parts: list[Words]) -> Words:
    return {"".join(each) for each in product(*parts)}


def _called(call: ast.Call) -> str:
    return call.func.id if _is(call.func) else call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _is(node: ast.expr, name: str = "") -> bool:
    return isinstance(node, ast.Name) and name in ("", node.id)


def _is_property(function: ast.FunctionDef) -> bool:
    return any(_is(one, "property") for one in function.decorator_list)
