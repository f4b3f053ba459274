"""The python target's table: operators and calls that are printed in place of a call of the library.

The key is the resolved call: the function and the type of its first parameter.  A template is an expression, or
lines that end with the value in `{r}`; `{0}`, `{1}` are the operands.  `atoms` says that an operand stands more
than once, so it must be a name; `tight` that nothing around the text can bind into it.
The library's bodies are the reference; tests compare the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pfa.lib import primitives
from pfa.types import BOOLEAN, BYTES, DOUBLE, FLOAT, INT, LONG, NULL, STRING, Enum, Fixed, Type

if TYPE_CHECKING:
    from pfa.lib.signature import Bound


@dataclass(frozen=True, slots=True)
class Template:
    """How an operation is printed; `lines` come before the result is in {r}."""

    text: str
    lines: tuple[str, ...] = ()
    atoms: bool = False
    tight: bool = False


def _checked(name: str, symbol: str, int_code: int) -> dict[str, Template]:
    """An integer operation with its overflow error."""
    return {
        f"{name}:int": Template(
            f"{{0}} {symbol} {{1}}",
            (f"if {{r}} > 2147483647 or {{r}} < -2147483648: overflow('int overflow', {int_code}, '{name}')",),
        ),
        f"{name}:long": Template(
            f"{{0}} {symbol} {{1}}",
            (
                "if {r} > 9223372036854775807 or {r} < -9223372036854775808: "
                f"overflow('long overflow', {int_code + 1}, '{name}')",
            ),
        ),
        f"{name}:float": Template(f"float32({{0}} {symbol} {{1}})", tight=True),
        f"{name}:double": Template(f"{{0}} {symbol} {{1}}"),
    }


_COMPARED = ("int", "long", "float", "double", "string", "boolean", "bytes", "fixed")
OPERATORS: dict[str, Template] = {
    **_checked("+", "+", 18000),
    **_checked("-", "-", 18010),
    **_checked("*", "*", 18020),
    "/:double": Template("{0} / {1} if {1} else divide({0}, {1})", atoms=True),
    "u-:float": Template("-{0}"),
    "u-:double": Template("-{0}"),
    "!:boolean": Template("not {0}"),
    "^^:boolean": Template("{0} is not {1}"),
    "m.abs:double": Template("abs({0})", tight=True),
    "m.exp:double": Template("exp({0})", tight=True),
    "m.ln:double": Template("log({0})", tight=True),
    "m.sqrt:double": Template("sqrt({0})", tight=True),
    **{f"{op}:{t}": Template(f"{{0}} {op} {{1}}") for op in ("<", "<=", ">", ">=", "==", "!=") for t in _COMPARED},
    "==:enum": Template("{0} == {1}"),
    "!=:enum": Template("{0} != {1}"),
    "a.len:array": Template("len({0})", tight=True),
    "map.len:map": Template("len({0})", tight=True),
    "s.len:string": Template("len({0})", tight=True),
    "bytes.len:bytes": Template("len({0})", tight=True),
    "map.containsKey:map:string": Template("{1} in {0}"),
    "s.concat:string": Template("{0} + {1}"),
}
NAMES = {
    "float32": primitives.float32,
    "divide": primitives.divide,
    "exp": primitives.exp,
    "log": primitives.log,
    "sqrt": primitives.sqrt,
    "abs": abs,
    "len": len,
}
_KIND: dict[Type, str] = {
    INT: "int", LONG: "long", FLOAT: "float", DOUBLE: "double", STRING: "string", BOOLEAN: "boolean",
    BYTES: "bytes", NULL: "null",
}  # fmt: skip


def operator(name: str, bound: Bound) -> Template | None:
    """The template of a resolved call, if it has one."""
    if not bound.params:
        return None
    first = bound.params[0]
    kind = _KIND.get(first)
    if kind is None:
        kind = "enum" if isinstance(first, Enum) else "fixed" if isinstance(first, Fixed) else first.tag
    if found := OPERATORS.get(f"{name}:{kind}"):
        return found
    if len(bound.params) == 2 and (second := _KIND.get(bound.params[1])):
        return OPERATORS.get(f"{name}:{kind}:{second}")
    return None
