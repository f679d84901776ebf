"""Names that a notebook uses before any cell has made them."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable

KNOWN = {*dir(builtins), "__name__", "__doc__", "display", "get_ipython", "In", "Out", "_", "__"}

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def undefined(tree: ast.Module, known: set[str]) -> list[str]:
    """Names that running `tree` looks up before they are bound; `known` gains what it binds.

    Statements are followed in order. A branch counts as taken, and what a function's body looks
    up has to be there when the cell that defines it ends: it is called at the earliest then.
    """
    walker = _Walker(known)
    walker.visit(tree)
    late = [name for name in walker.later if name not in known]
    return list(dict.fromkeys(walker.missing + late))


class _Walker(ast.NodeVisitor):
    """Follows one scope in the order in which Python runs it."""

    def __init__(self, known: set[str]) -> None:
        self.known = known
        self.missing: list[str] = []
        self.later: list[str] = []

    def visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            if node.id not in self.known | KNOWN:
                self.missing.append(node.id)
        elif isinstance(node.ctx, ast.Store):
            self.known.add(node.id)
        else:
            self.known.discard(node.id)

    # Right side first.
    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit_all([node.value, *node.targets])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit_all([node.annotation, node.value])
        if node.value is not None:
            self.visit(node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit(ast.copy_location(ast.Name(node.target.id, ast.Load()), node))
        self.visit_all([node.value, node.target])

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit_all([node.value, node.target])

    def visit_For(self, node: ast.For) -> None:
        self.visit_all([node.iter, node.target, *node.body, *node.orelse])

    visit_AsyncFor = visit_For

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.known |= {(name.asname or name.name).split(".")[0] for name in node.names}

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.visit_all([node.type])
        if node.name:
            self.known.add(node.name)
        self.visit_all(node.body)
        if node.name:
            self.known.discard(node.name)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.visit_all([getattr(node, "pattern", None)])
        if node.name:
            self.known.add(node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self.known.add(node.rest)

    def visit_comprehension_of(self, node: Comprehension) -> None:
        # The first source belongs to the scope around; loop variables do not leave.
        self.visit(node.generators[0].iter)
        inner = _Walker(set(self.known))
        for place, part in enumerate(node.generators):
            inner.visit_all([*([part.iter] if place else []), part.target, *part.ifs])
        if isinstance(node, ast.DictComp):
            inner.visit_all([node.key, node.value])
        else:
            inner.visit(node.elt)
        self.missing += inner.missing
        self.later += inner.later
        self.known |= {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)}

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_comprehension_of

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.visit_all([*node.decorator_list, *node.bases, *node.keywords])
        inner = _Walker(set(self.known))
        inner.visit_all(node.body)
        self.missing += inner.missing
        self.later += inner.later
        self.known.add(node.name)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_all(node.decorator_list)
        self._signature(node.args)
        self.visit_all([node.returns])
        self.known.add(node.name)
        self._body(node, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._signature(node.args)
        self._body(node, [node.body])

    def _signature(self, arguments: ast.arguments) -> None:
        self.visit_all([*arguments.defaults, *arguments.kw_defaults])
        self.visit_all(argument.annotation for argument in _arguments(arguments))

    def _body(self, node: Function, body: list) -> None:
        mine = {argument.arg for argument in _arguments(node.args)}
        inner = _Walker(mine)
        inner.visit_all(body)
        everything = [part for statement in body for part in ast.walk(statement)]
        shared = {
            name for part in everything if isinstance(part, ast.Global) for name in part.names
        }
        self.known |= shared
        # A name bound anywhere in the body is local to it, wherever it is looked up.
        local = inner.known - shared
        self.later += [name for name in inner.missing + inner.later if name not in local]


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return plain + [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
