"""enum.*: symbols as strings and as their places."""

from __future__ import annotations

from pfa.lib.define import Site, define
from pfa.types import Enum


@define(
    "enum.toString",
    "(x: any enum A) -> string",
)
def to_string(x: str) -> str:
    """Return the symbol as a string.

    enum.toString({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> "large"
    """
    return x


@define(
    "enum.toInt",
    "(x: any enum A) -> int",
)
def to_int(x: str, *, site: Site) -> int:
    """Return the place of the symbol in its enumeration, from zero.

    enum.toInt({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> 1
    """
    if not site.cache:
        site.cache.update({symbol: i for i, symbol in enumerate(_symbols(site))})
    place: int = site.cache[x]
    return place


@define(
    "enum.numSymbols",
    "(x: any enum A) -> int",
)
def num_symbols(x: str, *, site: Site) -> int:
    """Return how many symbols the enumeration of `x` has.

    enum.numSymbols({"type": {"type": "enum", "name": "Size", "symbols": ["small", "large"]}, "value": "large"}) -> 2
    """
    return len(_symbols(site))


def _symbols(site: Site) -> tuple[str, ...]:
    enum = site.params[0]
    assert isinstance(enum, Enum)
    return enum.symbols
