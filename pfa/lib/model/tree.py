"""Functions of the namespace model.tree: decision and regression trees, and the tests of their nodes.

A tree is a value like any other: records whose fields `pass` and `fail` hold another such record or a leaf.
`simpleTree` compiles a tree that it meets again (`pfa.lib.model.known`) into nodes whose tests are resolved;
the walks with a callback, and trees that come with the input, are walked as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pfa.lib.define import Charge, Fail, Site, define
from pfa.lib.model.known import known
from pfa.lib.model.predicate import OPERATORS, OPERATORS_OF_PRESENT, Predicates
from pfa.lib.model.widening import Widening, branch_key, widening
from pfa.types import Record, Type, branches

if TYPE_CHECKING:
    from collections.abc import Callable

Tree: TypeAlias = dict[str, Any]
Node: TypeAlias = "list[Any] | tuple[Any]"  # [test, field, value, pass, fail], or (leaf,)

LARGEST = 1_000_000  # nodes that a site keeps compiled
STRIDE = range(1000)  # nodes that a walk passes before they are charged
SIDE = {True: "pass", False: "fail", None: "missing"}


@define(
    "model.tree.simpleTest",
    "(datum: any record D, comparison: any record T with {field: any enum F of fields of D, operator: string, value: any V}) -> boolean",
    errors={"invalid comparison operator": 32000, "bad value type": 32001},
)
def simple_test(datum: Any, comparison: Any, *, site: Site, charge: Charge, fail: Fail) -> bool:
    """Return whether `datum`'s field, which `comparison` names, passes its comparison with a value.

    operator: "==", "!=", "<", "<=", ">" or ">="; "in" or "notIn" for a value that is an array; "alwaysTrue",
    "alwaysFalse", "isMissing" and "notMissing" ignore the value.  Two numbers compare as the wider of their types;
    other fields must be of a type that can be widened to the type that the value has now.

    model.tree.simpleTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}]}, "value": {"field": "x", "operator": "<", "value": 3.3}}) -> true
    model.tree.simpleTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "int"}]}, "value": {"x": 2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": {"type": "array", "items": "int"}}]}, "value": {"field": "x", "operator": "in", "value": [1, 2]}}) -> true
    model.tree.simpleTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": ["null", "int"]}]}, "value": {"x": null}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "null"}]}, "value": {"field": "x", "operator": "isMissing", "value": null}}) -> true
    model.tree.simpleTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}]}, "value": {"field": "x", "operator": "=<", "value": 3.3}}) -> error 32000
    model.tree.simpleTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "string"}]}, "value": {"field": "x", "operator": "<", "value": "3.3"}}) -> error 32001
    """
    tests = site.cache.get("predicates")
    if tests is None:
        tests = _predicates(site, OPERATORS, fail)
    field = comparison["field"]
    test = tests[comparison["operator"], field]
    if tests.heavy:
        return test(datum[field], comparison["value"], charge)
    return test(datum[field], comparison["value"])


@define(
    "model.tree.missingTest",
    "(datum: any record D, comparison: any record T with {field: any enum F of fields of D, operator: string, value: any V}) -> union(null, boolean)",
    errors={"invalid comparison operator": 32010, "bad value type": 32011},
)
def missing_test(datum: Any, comparison: Any, *, site: Site, charge: Charge, fail: Fail) -> bool | None:
    """Return what `model.tree.simpleTest` returns, or null if the field of `datum` is null.

    operator: as there, without "isMissing" and "notMissing".

    model.tree.missingTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": ["null", "double"]}]}, "value": {"x": {"double": 2.2}}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}]}, "value": {"field": "x", "operator": ">=", "value": 3.3}}) -> {"boolean": false}
    model.tree.missingTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": ["null", "double"]}]}, "value": {"x": null}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}]}, "value": {"field": "x", "operator": ">=", "value": 3.3}}) -> null
    model.tree.missingTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}]}, "value": {"field": "x", "operator": "isMissing", "value": 3.3}}) -> error 32010
    model.tree.missingTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "string"}]}, "value": {"field": "x", "operator": "<", "value": "3.3"}}) -> error 32011
    """
    field = comparison["field"]
    x = datum[field]
    if x is None:
        return None
    tests = site.cache.get("predicates")
    if tests is None:
        tests = _predicates(site, OPERATORS_OF_PRESENT, fail)
    test = tests[comparison["operator"], field]
    return test(x, comparison["value"], charge) if tests.heavy else test(x, comparison["value"])


@define(
    "model.tree.compoundTest",
    "(datum: any record D, operator: string, comparisons: array(any record T), test: fcn(D, T) -> boolean) -> boolean",
    errors={"unrecognized logical operator": 32020},
    cost="len(comparisons)",
)
def compound_test(
    datum: Any, operator: str, comparisons: list[Any], test: Callable[[Any, Any], bool], *, fail: Fail
) -> bool:
    """Return the "and", "or" or "xor" (which one is `operator`) of `test` applied to each of `comparisons`.

    "and" stops at the first false, "or" at the first true; "xor" is true for an odd number of true.

    model.tree.compoundTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "int"}]}, "value": {"x": 2}}, "and", {"type": {"type": "array", "items": {"type": "record", "name": "T", "fields": [{"name": "low", "type": "int"}]}}, "value": [{"low": 1}, {"low": 3}]}, {"params": [{"d": "D"}, {"t": "T"}], "ret": "boolean", "do": {"<": ["t.low", "d.x"]}}) -> false
    model.tree.compoundTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "int"}]}, "value": {"x": 2}}, "xor", {"type": {"type": "array", "items": {"type": "record", "name": "T", "fields": [{"name": "low", "type": "int"}]}}, "value": [{"low": 1}, {"low": 3}]}, {"params": [{"d": "D"}, {"t": "T"}], "ret": "boolean", "do": {"<": ["t.low", "d.x"]}}) -> true
    model.tree.compoundTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "int"}]}, "value": {"x": 2}}, "nand", {"type": {"type": "array", "items": {"type": "record", "name": "T", "fields": [{"name": "low", "type": "int"}]}}, "value": []}, {"params": [{"d": "D"}, {"t": "T"}], "ret": "boolean", "do": {"<": ["t.low", "d.x"]}}) -> error 32020
    """
    match operator:
        case "and":
            return all(test(datum, comparison) for comparison in comparisons)
        case "or":
            return any(test(datum, comparison) for comparison in comparisons)
        case "xor":
            odd = False
            for comparison in comparisons:
                odd ^= test(datum, comparison)
            return odd
        case _:
            return fail("unrecognized logical operator")


@define(
    "model.tree.surrogateTest",
    "(datum: any record D, comparisons: array(any record T), missingTest: fcn(D, T) -> union(null, boolean)) -> boolean",
    errors={"no successful surrogate": 32030},
    cost="len(comparisons)",
)
def surrogate_test(
    datum: Any, comparisons: list[Any], missingTest: Callable[[Any, Any], bool | None], *, fail: Fail
) -> bool:
    """Return the first result of `missingTest`, applied to each of `comparisons`, that is not null.

    model.tree.surrogateTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": ["null", "double"]}, {"name": "y", "type": ["null", "double"]}]}, "value": {"x": null, "y": {"double": 1.5}}}, {"type": {"type": "array", "items": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x", "y"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}]}}, "value": [{"field": "x", "operator": "<", "value": 1.0}, {"field": "y", "operator": "<", "value": 2.0}]}, {"params": [{"d": "D"}, {"t": "T"}], "ret": ["null", "boolean"], "do": {"model.tree.missingTest": ["d", "t"]}}) -> true
    model.tree.surrogateTest({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": ["null", "double"]}]}, "value": {"x": null}}, {"type": {"type": "array", "items": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}]}}, "value": [{"field": "x", "operator": "<", "value": 1.0}]}, {"params": [{"d": "D"}, {"t": "T"}], "ret": ["null", "boolean"], "do": {"model.tree.missingTest": ["d", "t"]}}) -> error 32030
    """
    for comparison in comparisons:
        result = missingTest(datum, comparison)
        if result is not None:
            return result
    return fail("no successful surrogate")


@define(
    "model.tree.simpleWalk",
    "(datum: any record D, treeNode: any record T with {pass: union(T, any S), fail: union(T, S)}, test: fcn(D, T) -> boolean) -> S",
)
def simple_walk(
    datum: Any, treeNode: Tree, test: Callable[[Any, Any], bool], *, site: Site, charge: Charge
) -> Any:
    """Return the leaf of the tree that `datum` comes to, following `pass` where `test` is true and `fail` where not.

    A leaf is anything but a tree node: a number, a string, an enum, an array, another record.

    model.tree.simpleWalk({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "cut", "type": "double"}, {"name": "pass", "type": ["T", "string"]}, {"name": "fail", "type": ["T", "string"]}]}, "value": {"cut": 3.3, "pass": {"T": {"cut": 1.1, "pass": {"string": "low"}, "fail": {"string": "middle"}}}, "fail": {"string": "high"}}}, {"params": [{"d": "D"}, {"t": "T"}], "ret": "boolean", "do": {"<": ["d.x", "t.cut"]}}) -> "middle"
    """
    sides = _sides(site, ("pass", "fail"))
    return sides.walk(datum, treeNode, test, charge)


@define(
    "model.tree.missingWalk",
    "(datum: any record D, treeNode: any record T with {pass: union(T, any S), fail: union(T, S), missing: union(T, S)}, test: fcn(D, T) -> union(null, boolean)) -> S",
)
def missing_walk(
    datum: Any, treeNode: Tree, test: Callable[[Any, Any], bool | None], *, site: Site, charge: Charge
) -> Any:
    """Return the leaf of the tree that `datum` comes to, following `pass`, `fail`, or `missing` where `test` is null.

    model.tree.missingWalk({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": ["null", "double"]}]}, "value": {"x": null}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "cut", "type": "double"}, {"name": "pass", "type": ["T", "string"]}, {"name": "fail", "type": ["T", "string"]}, {"name": "missing", "type": ["T", "string"]}]}, "value": {"cut": 3.3, "pass": {"string": "low"}, "fail": {"string": "high"}, "missing": {"string": "unknown"}}}, {"params": [{"d": "D"}, {"t": "T"}], "ret": ["null", "boolean"], "do": {"ifnotnull": {"x": "d.x"}, "then": {"<": ["x", "t.cut"]}, "else": null}}) -> "unknown"
    """
    sides = _sides(site, ("pass", "fail", "missing"))
    return sides.walk(datum, treeNode, test, charge)


@define(
    "model.tree.simpleTree",
    "(datum: any record D, treeNode: any record T with {field: any enum F of fields of D, operator: string, value: any V, pass: union(T, any S), fail: union(T, S)}) -> S",
    errors={"invalid comparison operator": 32060, "bad value type": 32061},
)
def simple_tree(datum: Any, treeNode: Tree, *, site: Site, charge: Charge, fail: Fail) -> Any:
    """Return the leaf of the tree that `datum` comes to: `model.tree.simpleWalk` with `model.tree.simpleTest`.

    model.tree.simpleTree({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}, {"name": "pass", "type": ["T", "string"]}, {"name": "fail", "type": ["T", "string"]}]}, "value": {"field": "x", "operator": "<", "value": 3.3, "pass": {"string": "low"}, "fail": {"string": "high"}}}) -> "low"
    model.tree.simpleTree({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "double"}, {"name": "pass", "type": ["T", "string"]}, {"name": "fail", "type": ["T", "string"]}]}, "value": {"field": "x", "operator": "lt", "value": 3.3, "pass": {"string": "low"}, "fail": {"string": "high"}}}) -> error 32060
    model.tree.simpleTree({"type": {"type": "record", "name": "D", "fields": [{"name": "x", "type": "double"}]}, "value": {"x": 2.2}}, {"type": {"type": "record", "name": "T", "fields": [{"name": "field", "type": {"type": "enum", "name": "F", "symbols": ["x"]}}, {"name": "operator", "type": "string"}, {"name": "value", "type": "string"}, {"name": "pass", "type": ["T", "string"]}, {"name": "fail", "type": ["T", "string"]}]}, "value": {"field": "x", "operator": "<", "value": "3.3", "pass": {"string": "low"}, "fail": {"string": "high"}}}) -> error 32061
    """
    entry = site.cache.get(id(treeNode))
    if entry is None or entry[0] is not treeNode:
        node = _first_meeting(treeNode, site, charge, fail)
    else:
        node = entry[1]
    if node is None:
        return _walk_as_it_is(datum, treeNode, site, charge, fail)
    while True:
        for _ in STRIDE:
            if node.__class__ is not list:
                return node[0]
            test, field, value, passed, failed = node
            node = passed if test(datum[field], value) else failed
        charge(len(STRIDE))


# ---- what is derived for a site -----------------------------------------------------------------------------


def _predicates(site: Site, operators: frozenset[str], fail: Fail) -> Predicates:
    found: Predicates | None = site.cache.get("predicates")
    if found is None:
        made = Predicates(site.params[0], site.params[1], operators, fail)
        found = site.cache.setdefault("predicates", made)
    return found


class _Sides:
    """How to tell a node from a leaf on each side of a node, and what makes a leaf the result."""

    def __init__(self, node: Type, sides: tuple[str, ...], ret: Type) -> None:
        assert isinstance(node, Record)
        self.tables: dict[str, dict[Any, Widening | None]] = {}
        self.plain = True  # nodes are the only dicts, and leaves are results as they are
        for side in sides:
            kind = node.by_name[side].type
            widenings = {branch_key(kind, b): widening(ret, b) for b in branches(kind) if b != node}
            self.plain &= branch_key(kind, node) is dict
            self.plain &= all(type(key) is type and w is None for key, w in widenings.items())
            self.tables[side] = {key: w or _as_it_is for key, w in widenings.items()}
            self.tables[side][branch_key(kind, node)] = None

    def child(self, node: Tree, side: str) -> tuple[Tree | None, Any]:
        """(node, None) or (None, result) on that side."""
        child = node[side]
        kind = child.__class__
        if kind is tuple:
            kind, child = child
        widen = self.tables[side][kind]
        return (child, None) if widen is None else (None, widen(child))

    def walk(
        self, datum: Any, node: Tree | None, test: Callable[[Any, Any], bool | None], charge: Charge
    ) -> Any:
        """The result that the tests lead to."""
        if self.plain:
            return _walk_plain(datum, node, test, charge)
        while True:
            for _ in STRIDE:
                assert node is not None
                node, result = self.child(node, SIDE[test(datum, node)])
                if node is None:
                    return result
            charge(len(STRIDE))


def _walk_plain(datum: Any, node: Any, test: Callable[[Any, Any], bool | None], charge: Charge) -> Any:
    side = SIDE
    while True:
        for _ in STRIDE:
            node = node[side[test(datum, node)]]
            if node.__class__ is not dict:
                return node
        charge(len(STRIDE))


def _as_it_is(x: Any) -> Any:
    return x


def _sides(site: Site, sides: tuple[str, ...]) -> _Sides:
    found: _Sides | None = site.cache.get("sides")
    if found is None:
        found = site.cache.setdefault("sides", _Sides(site.params[1], sides, site.ret))
    return found


# ---- simpleTree ---------------------------------------------------------------------------------------------


def _walk_as_it_is(datum: Any, tree: Tree, site: Site, charge: Charge, fail: Fail) -> Any:
    tests = _predicates(site, OPERATORS, fail)
    sides = _sides(site, ("pass", "fail"))

    def test(datum: Any, node: Tree) -> bool:
        field = node["field"]
        test = tests[node["operator"], field]
        if tests.heavy:
            return test(datum[field], node["value"], charge)
        return test(datum[field], node["value"])

    return sides.walk(datum, tree, test, charge)


def _first_meeting(tree: Tree, site: Site, charge: Charge, fail: Fail) -> Node | None:
    trees = known(site.cache, LARGEST)
    if not trees.worth(tree):
        return None
    tests = _predicates(site, OPERATORS, fail)
    sides = _sides(site, ("pass", "fail"))
    root, nodes = _compile(tree, tests, sides, charge)
    return trees.keep(tree, root, nodes)


def _compile(tree: Tree, tests: Predicates, sides: _Sides, charge: Charge) -> tuple[Node | None, int]:
    """The tree with tests resolved, and its number of nodes; subtrees that it shares with itself stay shared."""
    root: list[Any] = []
    nodes = {id(tree): root}
    todo = [(tree, root)]
    while todo:
        node, compiled = todo.pop()
        charge(1)
        field = node["field"]
        found = tests.compiled(node["operator"], field, node["value"])
        if found is None or len(nodes) > LARGEST:
            return None, 1
        compiled += (found[0], field, found[1])
        for side in ("pass", "fail"):
            child, leaf = sides.child(node, side)
            if child is None:
                compiled.append((leaf,))
            elif id(child) in nodes:
                compiled.append(nodes[id(child)])
            else:
                below = nodes[id(child)] = []
                compiled.append(below)
                todo.append((child, below))
    return root, len(nodes)
