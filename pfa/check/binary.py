"""`pack` and `unpack`: format specifiers (specification, "Extracting values from binary", "Encoding ...")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pfa.check.bindings import assume, declare_new
from pfa.check.checker import Checker, form
from pfa.check.flow import branches_of
from pfa.check.problems import BadFormat, show
from pfa.check.schemas import escape
from pfa.errors import Where
from pfa.ir import Expr, Pack, Packing, Unpack
from pfa.types import BOOLEAN, BYTES, DOUBLE, FLOAT, INT, LONG, NULL, UNKNOWN, Type

if TYPE_CHECKING:
    from pfa.check.scope import Scope

_MAX_RAW = 1 << 28
_ORDER = r"(?P<order><|>|!|little|big|network)?\s*"
_FORMATS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\s*{text}\s*\Z"))
    for kind, text in (
        ("pad", "pad"),
        ("boolean", "boolean"),
        ("int8", "(byte|int8)"),
        ("uint8", r"unsigned\s*(byte|int8)"),
        ("int16", _ORDER + "(short|int16)"),
        ("uint16", _ORDER + r"unsigned\s*(short|int16)"),
        ("int32", _ORDER + "(int|int32)"),
        ("uint32", _ORDER + r"unsigned\s*(int|int32)"),
        ("int64", _ORDER + r"(long\s+long|long|int64)"),
        ("uint64", _ORDER + r"unsigned\s*(long\s+long|long|int64)"),
        ("float32", _ORDER + "(float|float32)"),
        ("float64", _ORDER + "(double|float64)"),
        ("raw", r"raw\s*(?P<size>[0-9]+)"),
        ("raw", "raw"),
        ("null terminated", r"null\s*terminated"),
        ("length prefixed", r"length\s*prefixed"),
    )
)
TYPES: dict[str, Type] = {
    "pad": NULL, "boolean": BOOLEAN, "int8": INT, "uint8": INT, "int16": INT, "uint16": INT, "int32": INT,
    "uint32": LONG, "int64": LONG, "uint64": DOUBLE, "float32": FLOAT, "float64": DOUBLE, "raw": BYTES,
    "null terminated": BYTES, "length prefixed": BYTES,
}  # fmt: skip
_KNOWN = (
    "pad", "boolean", "byte", "short", "int", "long", "float", "double", "unsigned byte", "unsigned short",
    "unsigned int", "unsigned long", "raw", "null terminated", "length prefixed",
)  # fmt: skip
_RAW = re.compile(r"\s*raw\s*[0-9]")


def parse_format(text: str) -> Packing | None:
    """The format that a specifier names; big-endian unless it says otherwise."""
    for kind, pattern in _FORMATS:
        if found := pattern.match(text):
            named = found.groupdict()
            size = int(named["size"][:10]) if named.get("size") else -1
            return None if size > _MAX_RAW else Packing(kind, named.get("order") in ("<", "little"), size)
    return None


def _format(c: Checker, form: str, text: Any, at: str) -> Packing | None:
    if not isinstance(text, str):
        c.wrong_json("a format", "a string", text, at)
        return None
    made = parse_format(text)
    hint = ""
    if made is None:
        hint = c.hints.name(text, _KNOWN) if not _RAW.match(text) else f"; it has at most {_MAX_RAW} bytes"
        hint = hint or f"; formats are {', '.join(_KNOWN)}"
    elif form == "unpack" and made.kind == "raw" and made.size < 0:
        hint = '; "raw" needs a size, such as "raw 4"'
    if hint:
        c.report(BadFormat(form, show(text), hint, at=Where(at, key=form == "pack")))
        return None
    return made


@form("unpack", "format", "then", optional=("else",))
def check_unpack(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    packed = c.expression(value["unpack"], f"{at}/unpack", scope.value())
    packed = c.want(BYTES, packed, 'the value of "unpack"')
    inside = scope.block()
    names: list[str] = []
    formats: list[Packing] = []
    entries = _entries(c, value["format"], '"format"', f"{at}/format")
    if not entries:
        assume(c, value["format"], f"{at}/format", inside)
    for i, entry in enumerate(entries):
        if entry is None:
            assume(c, value["format"][i], f"{at}/format/{i}", inside)
            continue
        name, text, here = entry
        made = _format(c, "unpack", text, here)
        type = TYPES[made.kind] if made else UNKNOWN
        names.append(declare_new(c, name, type, here, inside, key=True))
        formats.append(made or Packing("pad"))
    then = c.body(value["then"], f"{at}/then", inside)
    orelse = c.body(value["else"], f"{at}/else", scope.block()) if "else" in value else None
    type, [then], orelse = branches_of(c, [then], orelse, at, "then and else")
    return Unpack(type, packed, tuple(names), tuple(formats), then, orelse, at=at)


def _entries(c: Checker, value: Any, what: str, at: str) -> list[tuple[str, Any, str] | None]:
    """Name, value and pointer of each in an array of single-member objects; None for what is none."""
    found: list[tuple[str, Any, str] | None] = []
    listed = c.items(value, what, at)
    if isinstance(value, list) and not listed:
        c.wrong_json(what, "an array of at least one format", value, at)
    for i, entry in enumerate(listed):
        members = c.members(entry, f"an item of {what}", f"{at}/{i}")
        if len(members) == 1:
            found += [(name, x, f"{at}/{i}/{escape(name)}") for name, x in members.items()]
            continue
        found.append(None)
        if isinstance(entry, dict):
            hint = f" with {len(members)} members" if members else ""
            c.wrong_json(f"an item of {what}", "an object with one member", entry, f"{at}/{i}", hint)
    return found


@form("pack")
def check_pack(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    formats: list[Packing] = []
    values: list[Expr] = []
    entries = _entries(c, value["pack"], '"pack"', f"{at}/pack")
    for entry in entries:
        if entry is None:
            continue
        text, x, here = entry
        made = _format(c, "pack", text, here)
        expr = c.expression(x, here, scope.value())
        if made is not None:
            formats.append(made)
            values.append(c.want(TYPES[made.kind], expr, f"a value packed as {show(text.strip())}"))
    return Pack(BYTES, tuple(formats), tuple(values), at=at)
