"""`pack` and `unpack` at run time: closures over a list of formats (specification, "unpack", "pack")."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from pfa.errors import PfaRuntimeError
from pfa.lib.primitives import float32

if TYPE_CHECKING:
    from collections.abc import Callable

    from pfa.ir import Packing

_CODE = {
    "pad": "x", "boolean": "B", "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i",
    "uint32": "I", "int64": "q", "uint64": "Q", "float32": "f", "float64": "d",
}  # fmt: skip
_RANGE = {
    "int8": (-(1 << 7), (1 << 7) - 1), "uint8": (0, (1 << 8) - 1), "int16": (-(1 << 15), (1 << 15) - 1),
    "uint16": (0, (1 << 16) - 1), "int32": (-(1 << 31), (1 << 31) - 1), "uint32": (0, (1 << 32) - 1),
    "int64": (-(1 << 63), (1 << 63) - 1),
}  # fmt: skip


def unpacker(formats: tuple[Packing, ...]) -> Callable[[bytes], tuple[Any, ...] | None]:
    """bytes to one value a format, or None where they do not fit exactly."""
    steps = [_reader(f) for f in formats]

    def unpack(data: bytes) -> tuple[Any, ...] | None:
        at = 0
        values: list[Any] = []
        for step in steps:
            found = step(data, at)
            if found is None:
                return None
            value, at = found
            values.append(value)
        return tuple(values) if at == len(data) else None

    return unpack


def _reader(f: Packing) -> Callable[[bytes, int], tuple[Any, int] | None]:
    if f.kind == "raw":
        size = f.size
        return lambda data, at: (data[at : at + size], at + size) if at + size <= len(data) else None
    if f.kind == "null terminated":
        return _read_terminated
    if f.kind == "length prefixed":
        return _read_prefixed
    form = struct.Struct(("<" if f.little else ">") + _CODE[f.kind])
    make: Callable[[Any], Any] = {"boolean": bool, "uint64": float}.get(f.kind, lambda v: v)
    pad = f.kind == "pad"

    def read(data: bytes, at: int) -> tuple[Any, int] | None:
        end = at + form.size
        if end > len(data):
            return None
        return (None if pad else make(form.unpack_from(data, at)[0])), end

    return read


def _read_terminated(data: bytes, at: int) -> tuple[Any, int] | None:
    end = data.find(b"\0", at)
    return None if end < 0 else (data[at:end], end + 1)


def _read_prefixed(data: bytes, at: int) -> tuple[Any, int] | None:
    if at >= len(data):
        return None
    end = at + 1 + data[at]
    return (data[at + 1 : end], end) if end <= len(data) else None


def packer(formats: tuple[Packing, ...]) -> Callable[..., bytes]:
    """One value a format to bytes."""
    steps = [_writer(f) for f in formats]

    def pack(*values: Any) -> bytes:
        return b"".join([step(v) for step, v in zip(steps, values, strict=True)])

    return pack


def _writer(f: Packing) -> Callable[[Any], bytes]:
    match f.kind:
        case "pad":
            return lambda v: b"\0"
        case "boolean":
            return lambda v: b"\1" if v else b"\0"
        case "raw":
            return _write_raw(f.size)
        case "null terminated":
            return _write_terminated
        case "length prefixed":
            return _write_prefixed
        case "uint64":
            return _write_uint64(f)
        case "float32":
            form = struct.Struct("<f" if f.little else ">f")
            return lambda v: form.pack(float32(v))
        case "float64":
            return struct.Struct("<d" if f.little else ">d").pack
        case _:
            return _write_integer(f)


def _refused() -> PfaRuntimeError:
    """A value outside of its format is never wrapped (docs/spec-notes.md)."""
    return PfaRuntimeError("value does not fit into its format", 3002, "pack")


def _write_integer(f: Packing) -> Callable[[Any], bytes]:
    low, high = _RANGE[f.kind]
    form = struct.Struct(("<" if f.little else ">") + _CODE[f.kind])

    def write(v: int) -> bytes:
        if not low <= v <= high:
            raise _refused()
        return form.pack(v)

    return write


def _write_uint64(f: Packing) -> Callable[[Any], bytes]:
    form = struct.Struct("<Q" if f.little else ">Q")

    def write(v: float) -> bytes:
        if not (0.0 <= v < 18446744073709551616.0 and v == int(v)):
            raise _refused()
        return form.pack(int(v))

    return write


def _write_raw(size: int) -> Callable[[Any], bytes]:
    def write(v: bytes) -> bytes:
        if size >= 0 and len(v) != size:
            raise PfaRuntimeError("raw bytes does not have specified size", 3000, "pack")
        return v

    return write


def _write_terminated(v: bytes) -> bytes:
    if b"\0" in v:
        raise _refused()
    return v + b"\0"


def _write_prefixed(v: bytes) -> bytes:
    if len(v) > 255:
        raise PfaRuntimeError("length prefixed bytes is larger than 255 bytes", 3001, "pack")
    return bytes((len(v),)) + v
