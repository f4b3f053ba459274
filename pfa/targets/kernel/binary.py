"""Print `pack` and `unpack` in the kernel language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.ir import Const
from pfa.types import BOOLEAN, BYTES, DOUBLE, FLOAT, INT, LONG, NULL, Type

if TYPE_CHECKING:
    from pfa.ir import Op, Packing
    from pfa.targets.kernel.routine import FunctionEmitter

SIZES = {
    "pad": 1, "boolean": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4, "int64": 8,
    "uint64": 8, "float32": 4, "float64": 8,
}  # fmt: skip
TYPES: dict[str, Type] = {
    "pad": NULL, "boolean": BOOLEAN, "int8": INT, "uint8": INT, "int16": INT, "uint16": INT, "int32": INT,
    "uint32": LONG, "int64": LONG, "uint64": DOUBLE, "float32": FLOAT, "float64": DOUBLE,
}  # fmt: skip
MESSAGES = {
    3000: "raw bytes does not have specified size",
    3001: "length prefixed bytes is larger than 255 bytes",
    3002: "value does not fit into its format",
}


def unpack(f: FunctionEmitter, s: Op) -> None:
    """Each value into a name, while the bytes are enough; `to` tells whether they were, and all of them."""
    data, at, end, fine = f.temp(), f.temp(), f.temp(), f.temp()
    source = f.hold(f.operand(s.args[0], BYTES))
    f.add(f"{data} = items({source})")
    f.add(f"{at} = {data}")
    f.add(f"{end} = {data} + length({source})")
    f.add(f"{fine} = True")
    names = []
    for x in s.extra:
        name = f.temp()
        names.append((name, TYPES.get(x.kind, BYTES)))
        _read(f, x, name, at, end, fine)
    f.unpacked[s.to] = tuple(names)
    f.assign(s.to, f"int({fine} and {at} == {end})", LONG)


def _read(f: FunctionEmitter, x: Packing, name: str, at: str, end: str, fine: str) -> None:
    little = int(x.little)
    if x.kind in SIZES:
        size = SIZES[x.kind]
        zero = {"float32": "0.0", "float64": "0.0", "uint64": "0.0", "boolean": "False"}.get(x.kind, "0")
        text = {
            "pad": "0", "boolean": f"ld8({at}) != 0", "uint64": f"read_uint64({at}, {little})",
            "float32": f"read_single(ctx, {at}, {little})", "float64": f"read_double({at}, {little})",
        }.get(x.kind) or f"read_{'un' if x.kind[0] == 'u' else ''}signed({at}, {size}, {little})"  # fmt: skip
        lines = [f"{name} = {text}", f"{at} += {size}"]
        test = f"{at} + {size} <= {end}"
    elif x.kind == "raw":
        zero, test = "0", f"{at} + {x.size} <= {end}"
        lines = [f"{name} = read_bytes(ctx, {at}, {x.size})", f"{at} += {x.size}"]
    elif x.kind == "null terminated":
        zero, test = "0", f"find_zero({at}, {end}) < {end}"
        lines = [f"{name} = read_bytes(ctx, {at}, find_zero({at}, {end}) - {at})", f"{at} += length({name}) + 1"]
    else:
        zero, test = "0", f"{at} < {end} and {at} + 1 + ld8({at}) <= {end}"
        lines = [f"{name} = read_bytes(ctx, {at} + 1, ld8({at}))", f"{at} += length({name}) + 1"]
    f.add(f"{name} = {zero}")
    f.add(f"if {fine} and {test}:")
    for line in lines:
        f.add(f"    {line}")
    f.add("else:")
    f.add(f"    {fine} = False")


def pack(f: FunctionEmitter, s: Op) -> None:
    """One value a format, in room that is known before."""
    values = []
    size = ["0"]
    for a, x in zip(s.args, s.extra, strict=True):
        t = TYPES.get(x.kind, BYTES)
        value = f.hold(f.operand(a, t if isinstance(a, Const) else f.type_of(a, t)))
        values.append(value)
        size.append(str(SIZES[x.kind]) if x.kind in SIZES else f"length({value}) + 1")
    made, at = f.temp(), f.temp()
    f.add(f"{made} = new_string(ctx, {' + '.join(size)}, 0)")
    f.add(f"{at} = items({made})")
    site = f.site("pack", MESSAGES)
    for value, x in zip(values, s.extra, strict=True):
        f.add(f"{at} = {_write(x, value, at, site)}")
    f.add(f"st({made} + 8, {at} - items({made}))")
    f.add(f"st({made} + 16, {at} - items({made}))")
    f.assign(s.to, made, BYTES)


def _write(x: Packing, value: str, at: str, site: int) -> str:
    little = int(x.little)
    match x.kind:
        case "pad":
            return f"write_number({at}, 0, 1, 0)"
        case "boolean":
            return f"write_number({at}, int({value}), 1, 0)"
        case "raw":
            return f"write_raw(ctx, {at}, {value}, {x.size}, site={site})"
        case "null terminated":
            return f"write_terminated(ctx, {at}, {value}, site={site})"
        case "length prefixed":
            return f"write_prefixed(ctx, {at}, {value}, site={site})"
        case "uint64":
            return f"write_uint64(ctx, {at}, {value}, {little}, site={site})"
        case "float32":
            return f"write_single(ctx, {at}, {value}, {little})"
        case "float64":
            return f"write_double({at}, {value}, {little})"
        case _:
            width = 8 * SIZES[x.kind]
            low, high = (0, (1 << width) - 1) if x.kind[0] == "u" else (-(1 << width - 1), (1 << width - 1) - 1)
            return f"write_integer(ctx, {at}, {value}, {SIZES[x.kind]}, {little}, {low}, {high}, site={site})"
