"""Switch each rule of the checker off in turn: some case must fail.

    python -m tests.mutate_checker                 all mutants, with --jobs 2
    python -m tests.mutate_checker paths.py want   those whose name contains one of these

A mutant is one change of the checker's syntax tree: a problem that is not reported, a type that is not asked for, a
scope that is not sealed, a condition of `accepts`, `join` or `bind` that does not count.  It is patched into the
functions of a running process (`__code__`), the cases that reach its line are run until one fails, and it is taken
out again.  Cases are tests/bad, the pieces of tests/test_bad_combined.py, conformance/language and, where they are,
the shared ones.  The command fails when a mutant survives that is not in REASONS, or when one in there does not.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import multiprocessing
import signal
import sys
import time
import zlib
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import pfa
from conformance.cases import own_cases, read_cases
from pfa.cli.check import as_text
from pfa.lib.define import LIBRARY
from tests import test_bad, test_bad_combined, test_check_parts
from tests.support import ROOT, SHARED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECK = tuple(sorted(path.name for path in (ROOT / "pfa" / "check").glob("*.py") if path.name != "__init__.py"))
FILES = {ROOT / "pfa" / "check" / name: f"pfa.check.{name[:-3]}" for name in CHECK} | {
    ROOT / "pfa" / "types.py": "pfa.types",
    ROOT / "pfa" / "lib" / "signature.py": "pfa.lib.signature",
}
SECONDS = 10  # for one case: a mutant that never ends is found out

# Mutants that no case can kill: a reason, and those that it holds for.
REASONS: dict[str, list[str]] = {
    "a quicker way: `accepts` and `widen` do nothing to equal types": [
        "checker.py Checker.want: never if expr.type is type or expr.type == type: return expr",
        "checker.py Checker.want: and for or expr.type is type or expr.type == type",
    ],
    "a quicker way: named types fit only themselves": [
        "casts.py _taken: never if isinstance(type, Record | Enum | Fixed): likely = [left[ty...",
    ],
    "a quicker way: a node that widens a type to itself does nothing": [
        "checker.py widen: never if got is type or got == type or isinstance(got, _ANY) or isi...",
        "checker.py widen: and for or got is type or got == type or isinstance(got, _ANY) or isinst...",
    ],
    "the pointer of a problem always exists; if one did not, order would be all that suffers": [
        "document.py _Order.key: or for and isinstance(node, dict) and name in node",
        "document.py _Order.key: or for and isinstance(node, list) and name.isdecimal() and (int(name) < ...",
    ],
    "a quicker way: filling nothing wraps the function in one that calls it": [
        "functions.py _filled_user: never if not fill: return FunctionRef(name, type, at=at)",
    ],
    "a quicker way: widening between types of one layout does nothing": [
        "functions.py adapt: never if same_layout(want.ret, mine.ret) and all((same_layout(p, w)...",
    ],
    "a reference to a library function has both, any other has neither": [
        "functions.py adapt: or for and made.fn is not None and made.bound is not None",
    ],
    "a quicker way: a declaration is always like itself": [
        "schemas.py Schemas._define: never if first == at: return self.named[full]",
    ],
    'no object that is code has "value" without "type"': [
        "schemas.py type_places: or for and 'type' in skip and 'value' in node",
    ],
    "calls whose enum has the right symbols do not come here": [
        "unfit.py _other_fields: or for and data and isinstance(enum, Enum) and (enum.symbols != tuple(da...",
    ],
    "a document has one type of a name, so an enum always has its own symbols": [
        "types.py _accepts_enum: not set(got.symbols) <= set(want.symbols)",
    ],
    "a quicker way: equal types are also joined by the rest": [
        "types.py join: never if known.count(first) == len(known): return first",
    ],
    "a quicker way: branches of other names are not accepted anyway": [
        "casts.py _taken: never if isinstance(type, Record | Enum | Fixed): likely = [left[ty...",
    ],
    "a quicker way: equal types join to themselves": [
        "signature.py _bind: never if known is got or known == got: return True",
        "signature.py _bind: and for or known is got or known == got",
    ],
    "no union holds an unknown type, and what has none is accepted before": [
        "types.py _accepted: and for or UNKNOWN.tag in tags or isinstance(got, Bottom | Unknown)",
    ],
    "types in one group have one name, so all are equal or none is": [
        "types.py _join_kind: any for all all((m == first for m in members))",
    ],
    "`bind` asks `accepts` of every argument once more in the end": [
        "signature.py Signature.bind: never if fixed is not arg and (not accepts(fixed, arg)): return None",
    ],
    "`bind` asks `accepts` of every argument in the end, and that of all parameters": [
        "signature.py _match_function: any for all all([match(p, g, env) for p, g in zip(want.params, got.params...",
    ],
    "what does not join is not accepted in the end": [
        "signature.py _bind: other return False (2)",
    ],
    "no union of the library has two free wildcards": [
        "signature.py _match_union: any for all all((_bind(v.name, BOTTOM, env) for v in free))",
    ],
    "every union of the library with bound wildcards has one that is no record": [
        "signature.py _widen_bound: other return False",
    ],
    "no signature of the library restricts a wildcard inside a union or a function": [
        "signature.py _holds: any for all all((_holds(x, env) for x in xs))",
        "signature.py _holds: or for and all((_holds(x, env) for x in xs)) and _holds(r, env)",
        "signature.py _holds: any for all all((_holds(x, env) for x in xs)) (2)",
    ],
    "a quicker way: where there are no functions, none reaches or changes anything": [
        "callgraph.py writers: never if not functions: return {}",
        "callgraph.py recursive: never if not functions: return frozenset()",
    ],
    "a quicker way: there is nothing to look for, to sort or to tell": [
        "checker.py Checker.fields: never if not missing and (not unknown): return value",
        "document.py in_order: never if not problems: return []",
        "schemas.py Schemas._aliases: never if 'aliases' not in schema: return ()",
        "schemas.py Schemas._field: never if f.__class__ is dict and len(f) == 2 and ('type' in f): nam...",
        "schemas.py Schemas._field: never if name.__class__ is str and NAME.match(name) and (f['type'] ...",
        "schemas.py type_places: never if node.__class__ is dict and len(node) == 1: inside = [(v, (...",
    ],
    "a quicker way: the rest does the same": [
        "signature.py Signature.bind: never if want == arg: want = arg elif not accepts(want, arg): retur...",
        "signature.py _match_array: never got if got.__class__ is Array else _only(got)",
        "signature.py _match_map: never got if got.__class__ is Map else _only(got)",
    ],
    "no rule: what the target is told, with tests of its own (test_rand)": [
        "calls.py _call_library: never if 'rng' in fn.needs: c.draws = True",
    ],
    "no rule: whether a dict is copied, with tests of its own (test_copies, test_boundary_shared)": [
        "checker.py Checker.embedded: or for and self.owned and self.again is not None",
        "embedded.py fresh: never if type(value) is dict: return {k: fresh(v) for k, v in value...",
        "embedded.py fresh: never if type(value) is list: return [fresh(v) for v in value]",
    ],
    "files outside of a document are not among these cases; test_resources has them": [
        "document.py _Document.init: never if self.read_source is None: message = f'a {kind} with \"sourc...",
        "document.py _Document.init: silence c.report(CannotFill(message, at=Where(f'{at}/init')))",
        "document.py _Document.fill: never if c.problems or read is None: return",
        "document.py _Document.fill: and for or c.problems or read is None",
    ],
    'no object that is code has one of these without the other, and data are not searched': [
        "schemas.py type_places: or for and 'params' in node and 'ret' in node",
        "schemas.py _type_keys: or for and 'type' in node and ('value' in node or 'new' in node)",
        "schemas.py _type_keys: or for and 'ret' in node and 'params' in node",
        "schemas.py _type_keys: or for and 'as' in node and ('named' in node or 'upcast' in node)",
    ],
}
SURVIVORS = {name for names in REASONS.values() for name in names}

# --- mutants -----------------------------------------------------------------------------------------------

REPORTS = {
    "report", "wrong_json", "_wrong", "locator", "unknown_function", "expect_function", "no_signature",
    "_unknown_symbol", "_too_few",
}  # fmt: skip
TRUE = {"symbol_name", "emit_allowed", "_has_item", "_fill_names"}
RELATIONS = {
    "accepts", "_accepts_number", "_accepts_enum", "_accepts_function", "_accepted", "join", "_join_flat",
    "_join_kind", "bind", "concrete", "match", "_match_record",
    "_match_enum", "_match_fixed", "_match_array", "_match_map", "_match_function", "_only", "_bind",
    "_match_union", "_widen_bound", "_fits", "_holds",
}  # fmt: skip
IMPORTING = {"form"}  # runs when the checker is imported, before anything can be patched


@dataclass(frozen=True)
class Mutant:
    """One change: what takes the place of the node at a path of the module's tree."""

    module: str
    function: str
    what: str
    path: tuple[tuple[str, int | None], ...]
    lines: tuple[int, int]
    file: str
    kind: str
    source: int  # the hash of the file's text

    @property
    def name(self) -> str:
        return f"{Path(self.file).name} {self.function}: {self.what}"


def mutants() -> list[Mutant]:
    """All mutants, in the order of the source; equal ones of a function are numbered."""
    found: list[Mutant] = []
    seen: dict[str, int] = {}
    for path, module in FILES.items():
        text = path.read_text("utf-8")
        tree, source = ast.parse(text), zlib.crc32(text.encode())
        for function, node, trail in functions(tree):
            for kind, what, inner, inner_trail in changes(node, trail, relation=path.parent.name != "check"):
                key = f"{path.name} {function}: {kind} {what}"
                seen[key] = seen.get(key, 0) + 1
                number = f" ({seen[key]})" if seen[key] > 1 else ""
                lines = (inner.lineno, inner.end_lineno or inner.lineno)
                said = f"{kind} {what}{number}"
                found.append(Mutant(module, function, said, inner_trail, lines, str(path), kind, source))
    return found


Trail = tuple[tuple[str, int | None], ...]


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef, Trail]]:
    """Functions and methods with their names and paths; inner functions belong to the outer one."""
    for i, node in enumerate(tree.body):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node, (("body", i),)
        elif isinstance(node, ast.ClassDef):
            for k, inner in enumerate(node.body):
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}.{inner.name}", inner, (("body", i), ("body", k))


def changes(node: ast.FunctionDef, trail: Trail, relation: bool) -> Iterator[tuple[str, str, Any, Trail]]:
    """What can be changed in a function: the kind, its text, the node and the node's path."""
    if (relation and node.name not in RELATIONS) or node.name in IMPORTING:
        return
    for inner, inner_trail in walk(node, trail):
        kind = relation_change(inner) if relation else rule_change(inner)
        if kind:
            yield kind, short(ast.unparse(inner)), inner, inner_trail


def walk(node: ast.AST, trail: Trail) -> Iterator[tuple[ast.AST, Trail]]:
    yield node, trail
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield from walk(value, (*trail, (name, None)))
        elif isinstance(value, list):
            for i, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield from walk(item, (*trail, (name, i)))


def called(node: ast.AST) -> str:
    """The name of the function or method that a node calls."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            return name
    return ""


def rule_change(node: ast.AST) -> str:
    match node:
        case ast.Expr(value=ast.Call() as call) if called(call) in REPORTS:
            return "silence"
        case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
            return "silence"
        case ast.Raise(exc=ast.Name(id="_Fault")):
            return "silence"
        case ast.Call() if called(node) in ("want", "condition") and len(node.args) > 2:
            return "accept"
        case ast.Call() if called(node) in TRUE:
            return "allow"
        case ast.Call() if called(node) == "fields":
            return "take"
        case ast.Call(func=ast.Attribute(attr="value"), args=[]) | ast.Call(func=ast.Attribute(attr="sealed")):
            return "unseal"
        case ast.If():
            return "never"
        case ast.BoolOp(op=ast.And()):
            return "or for and"
        case ast.BoolOp(op=ast.Or()):
            return "and for or"
    return ""


def relation_change(node: ast.AST) -> str:
    """Conditions: an operand of `and` or `or` is dropped, a test is turned round."""
    match node:
        case ast.BoolOp(op=ast.And()):
            return "or for and"
        case ast.BoolOp(op=ast.Or()):
            return "and for or"
        case ast.If(test=ast.Compare(left=ast.Name(), ops=[ast.Is()], comparators=[ast.Name()])):
            return ""  # the same object: a quicker way to what equal ones give
        case ast.If() | ast.IfExp():
            return "never"
        case ast.Call(func=ast.Name(id="all"), args=[ast.GeneratorExp() | ast.ListComp()]):
            return "any for all"
        case ast.Call(func=ast.Name(id="any"), args=[ast.GeneratorExp() | ast.ListComp()]):
            return "all for any"
        case ast.Compare(ops=[ast.Eq() | ast.NotEq() | ast.LtE() | ast.Lt() | ast.Gt() | ast.In() | ast.NotIn()]):
            return "not"
        case ast.Return(value=ast.Constant(value=bool() | None)):
            return "other"
    return ""


def short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 64 else line[:61] + "..."


def mutate(node: ast.AST, kind: str) -> ast.AST:
    """What stands in a node's place."""
    match kind, node:
        case "silence", _:
            return ast.copy_location(ast.Pass(), node)
        case "accept", ast.Call(args=[_, expr, *_]) if called(node) == "want":
            return expr
        case "accept", ast.Call(func=ast.Attribute(value=c), args=[value, at, scope, *_]):
            sealed = ast.Call(ast.Attribute(scope, "value", ast.Load()), [], [])
            return ast.Call(ast.Attribute(c, "expression", ast.Load()), [value, at, sealed], [])
        case "allow", _:
            return ast.Constant(True)
        case "take", ast.Call(args=[value, *_]):
            return value
        case "unseal", ast.Call(func=ast.Attribute(value=scope)):
            return ast.Call(ast.Attribute(scope, "block", ast.Load()), [], [])
        case "or for and", ast.BoolOp(values=values):
            return ast.BoolOp(ast.Or(), values)
        case "and for or", ast.BoolOp(values=values):
            return ast.BoolOp(ast.And(), values)
        case "never", ast.If(body=body, orelse=orelse):
            return ast.If(ast.Constant(False), body, orelse)
        case "never", ast.IfExp(body=body, orelse=orelse):
            return ast.IfExp(ast.Constant(False), body, orelse)
        case "any for all", ast.Call(args=args):
            return ast.Call(ast.Name("any", ast.Load()), args, [])
        case "all for any", ast.Call(args=args):
            return ast.Call(ast.Name("all", ast.Load()), args, [])
        case "not", _:
            return ast.UnaryOp(ast.Not(), node)
        case "other", ast.Return(value=ast.Constant(value=value)):
            other: ast.expr = ast.Name("UNKNOWN", ast.Load()) if value is None else ast.Constant(not value)
            return ast.Return(other)
    raise AssertionError(kind)


class Patched:
    """A mutant in the running process: `with Patched(mutant): ...`."""

    def __init__(self, mutant: Mutant) -> None:
        self.function = function_of(mutant)
        self.code = self.function.__code__
        text = Path(mutant.file).read_text("utf-8")
        if zlib.crc32(text.encode()) != mutant.source:
            raise RuntimeError(f"{mutant.file} was changed meanwhile: run this again")
        tree = ast.parse(text)
        around: Any = None
        node: Any = tree
        for name, index in mutant.path:
            around, place = node, (name, index)
            node = getattr(node, name) if index is None else getattr(node, name)[index]
        made = mutate(copy.deepcopy(node), mutant.kind)
        if place[1] is None:
            setattr(around, place[0], made)
        else:
            getattr(around, place[0])[place[1]] = made
        module = compile(ast.fix_missing_locations(tree), mutant.file, "exec")
        self.mutated = code_of(module, mutant.function)

    def __enter__(self) -> None:
        self.function.__code__ = self.mutated
        forget()

    def __exit__(self, *_: object) -> None:
        self.function.__code__ = self.code
        forget()


def forget() -> None:
    """Drop what library functions remember of calls that were solved before."""
    for fn in LIBRARY.values():
        fn.known.clear()


def function_of(mutant: Mutant) -> FunctionType:
    found: Any = import_module(mutant.module)
    for name in mutant.function.split("."):
        found = vars(found)[name]
    found = found.fget if isinstance(found, property) else found
    assert isinstance(found, FunctionType)
    return found


def code_of(module: CodeType, name: str) -> CodeType:
    """The code of a function in a compiled module."""
    code = module
    for part in name.split("."):
        code = next(c for c in code.co_consts if isinstance(c, CodeType) and c.co_name == part)
    return code


# --- cases -------------------------------------------------------------------------------------------------

Case = tuple[str, "Callable[[], bool]"]


def cases() -> list[Case]:
    """Names of cases, and whether each passes."""
    return [*bad_cases(), *combined_cases(), *part_cases(), *language_cases()]


def bad_cases() -> Iterator[Case]:
    for err in sorted((ROOT / "tests" / "bad").glob("*.err")):
        [path] = [p for p in err.parent.glob(f"{err.stem}.*") if p.suffix != ".err"]
        if not err.stem.startswith(("json-", "gzip-")):
            yield f"bad/{err.stem}", partial(says, path, err.read_text("utf-8"))


def says(path: Path, text: str) -> bool:
    return "".join(f"{as_text(p)}\n" for p in test_bad.shown(path)) == text


def combined_cases() -> Iterator[Case]:
    for i, piece in enumerate(test_bad_combined.STEPS):
        yield f"combined/step {i}", partial(holds, test_bad_combined.test_a_step_twice_is_two_problems, piece)
    for i, piece in enumerate(test_bad_combined.BESIDE):
        yield f"combined/beside {i}", partial(holds, test_bad_combined.test_no_problem_hides_another, piece)
    for count, seeds in ((1, range(40)), (6, range(20))):
        for i, (document, expected) in enumerate(test_bad_combined.drafts(count, seeds)):
            yield f"combined/{count} of seed {i}", partial(as_expected, document, expected)


def as_expected(document: Any, expected: list[tuple[str, str]]) -> bool:
    return [(type(p).__name__, p.at.pointer) for p in pfa.check(json.dumps(document))] == expected


def part_cases() -> Iterator[Case]:
    """The tests of tests/test_check_parts.py, but for those that measure time."""
    for name, test in vars(test_check_parts).items():
        if name.startswith("test_") and not name.endswith("_in_a_moment"):
            marks = getattr(test, "pytestmark", [])
            for i, values in enumerate(marks[0].args[1] if marks else [()]):
                yield f"parts/{name} {i}", partial(holds, test, *values)
    yield "bad/many problems", partial(holds, test_bad.test_many_problems_of_one_value_are_not_all_told)


def holds(test: Callable[..., None], *values: Any) -> bool:
    """Does a test pass?"""
    test(*values)
    return True


def language_cases() -> Iterator[Case]:
    shared = [SHARED / "conformance" / name for name in ("language.json", "field.json")]
    for case in [*own_cases(), *(case for path in shared if path.exists() for case in read_cases(path))]:
        yield f"language/{case}", lambda case=case: case.run() == []


class Slow(BaseException):
    """A case takes too long."""


def passes(case: Case) -> bool:
    """Does a case pass?  One that crashes or does not end fails."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return case[1]()
    except (Exception, Slow):
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def reached(case: Case) -> dict[str, set[int]]:
    """The lines of the mutated files that a case runs."""
    lines: dict[str, set[int]] = {str(path): set() for path in FILES}

    def trace_line(frame: Any, event: str, _: object) -> Any:
        lines[frame.f_code.co_filename].add(frame.f_lineno)
        return trace_line

    def trace_call(frame: Any, event: str, _: object) -> Any:
        return trace_line if frame.f_code.co_filename in lines else None

    sys.settrace(trace_call)
    try:
        if not passes(case):
            raise RuntimeError(f"{case[0]} fails without any mutant")
    finally:
        sys.settrace(None)
    return lines


# --- workers -----------------------------------------------------------------------------------------------

_cases: list[Case] = []
_reach: list[dict[str, set[int]]] = []


def start(reach: list[dict[str, set[int]]]) -> None:
    """Make a worker ready."""

    def stop(*_: object) -> None:
        raise Slow

    signal.signal(signal.SIGALRM, stop)
    sys.path.insert(0, str(ROOT))
    _cases[:] = cases()
    _reach[:] = reach


def reach_of(index: int) -> dict[str, set[int]]:
    return reached(_cases[index])


def killer(mutant: Mutant) -> tuple[Mutant, str, int]:
    """The first case that a mutant makes fail ("": none), and how many reach it."""
    first, last = mutant.lines
    touched = [
        (sum(map(len, lines.values())), i)
        for i, lines in enumerate(_reach)
        if any(first <= line <= last for line in lines[mutant.file])
    ]
    with Patched(mutant):
        for _, i in sorted(touched):
            if not passes(_cases[i]):
                return mutant, _cases[i][0], len(touched)
    return mutant, "", len(touched)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only mutants whose name contains one of these")
    parser.add_argument("--jobs", type=int, default=2, help="worker processes (2)")
    parser.add_argument("--verbose", action="store_true", help="say which case kills each mutant")
    args = parser.parse_args()
    begun = time.monotonic()
    every = mutants()
    wanted = [m for m in every if not args.names or any(name in m.name for name in args.names)]
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(args.jobs, start, ([],)) as pool:
        reach = pool.map(reach_of, range(len(cases())), chunksize=8)
    print(f"{len(reach)} cases, {len(wanted)} mutants", flush=True)
    alive: list[str] = []
    with spawn.Pool(args.jobs, start, (reach,)) as pool:
        for mutant, case, count in pool.imap(killer, wanted, chunksize=1):
            if not case:
                alive.append(mutant.name)
                told = "known   " if mutant.name in SURVIVORS else "SURVIVES"
                print(f"{told} {mutant.lines[0]:4} {mutant.name}  [reached by {count}]", flush=True)
            elif args.verbose:
                print(f"killed   {mutant.lines[0]:4} {mutant.name}  by {case}")
    stale = [name for name in SURVIVORS if name not in alive and not args.names]
    unknown = [name for name in alive if name not in SURVIVORS]
    print(*(f"STALE: it is killed, or there is none: {name}" for name in stale), sep="\n")
    print(f"{len(wanted) - len(alive)} killed, {len(alive)} survive, {len(unknown)} of them without a reason; "
          f"{time.monotonic() - begun:.0f} s")  # fmt: skip
    return int(bool(unknown or stale))


if __name__ == "__main__":
    raise SystemExit(main())
