"""`pfa fmt`: documents laid out in one way."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import yaml

from pfa.cli.documents import read_document
from pfa.errors import PfaError

if TYPE_CHECKING:
    import argparse

WIDTH = 100
_compact = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def fmt(args: argparse.Namespace) -> int:
    """Lay out documents: two spaces a level, and on one line what fits there."""
    if args.write and args.yaml:
        print("--yaml writes to standard output only: the file's name would not fit", file=sys.stderr)
        return 2
    for path in args.files:
        document = read_document(path)
        if not args.write:
            sys.stdout.write(as_yaml(document) if args.yaml else layout(document))
        elif path.suffix not in (".json", ".pfa"):
            raise PfaError(f"{path}: only .json and .pfa are written; this would become JSON")
        elif (text := layout(document)) != path.read_text("utf-8"):
            path.write_text(text, "utf-8")
    return 0


def layout(value: Any) -> str:
    """JSON text that ends with a newline; members keep their order."""
    pieces: list[str] = []
    _lay(value, pieces, 0, 0)
    return "".join(pieces) + "\n"


def _lay(value: Any, pieces: list[str], indent: int, shared: int) -> None:
    """Append the text of a value; `shared` is the width of what stands on its first line beside it."""
    room = WIDTH - indent - shared
    if not isinstance(value, dict | list) or not value:
        pieces.append(_compact(value))
        return
    if _fits(value, room) and len(text := _compact(value)) <= room:
        pieces.append(text)
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    pieces.append(opening)
    comma = ""
    for key, item in _items(value):
        pieces += [comma, "\n", " " * (indent + 2), key]
        _lay(item, pieces, indent + 2, len(key) + 1)
        comma = ","
    pieces += ["\n", " " * indent, closing]


def _items(value: dict[str, Any] | list[Any]) -> list[tuple[str, Any]]:
    """What stands before each item, and the item."""
    if isinstance(value, dict):
        return [(f"{_compact(key)}: ", item) for key, item in value.items()]
    return [("", item) for item in value]


def _fits(value: Any, room: int) -> bool:
    """Could it fit?  A quick no for large values, so that laying out takes linear time."""
    stack, size = [value], 0
    while stack:
        item = stack.pop()
        size += 1
        if isinstance(item, dict):
            size += sum(map(len, item)) + 4 * len(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            size += len(item)
            stack.extend(item)
        elif isinstance(item, str):
            size += len(item)
        if size > room:
            return False
    return True


class _Dumper(yaml.SafeDumper):
    """YAML that readers of 1.1 and 1.2 take for the same: what is doubtful is quoted."""


def _quote_doubtful(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = text.isascii() and text.replace("_", "a").replace(".", "a").isalnum() and text[0].isalpha()
    doubtful = text.lower() in ("true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf")
    style = None if plain and not doubtful else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _float(dumper: yaml.SafeDumper, number: float) -> yaml.ScalarNode:
    """The shortest digits, with the point that YAML 1.1 wants before an exponent."""
    mantissa, e, exponent = repr(number).partition("e")
    text = f"{mantissa}.0e{exponent}" if e and "." not in mantissa else repr(number)
    special = {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}
    return dumper.represent_scalar("tag:yaml.org,2002:float", special.get(text, text))


_Dumper.add_representer(str, _quote_doubtful)
_Dumper.add_representer(float, _float)


def as_yaml(document: Any) -> str:
    """The document as YAML; members keep their order."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=None
    )
    return text
