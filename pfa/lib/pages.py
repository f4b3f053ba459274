"""The page of a library function, made from its definition: what `pfa help` prints and docs/library.md holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pfa.lib.define import Fn

UNREACHABLE = re.compile(r"^(\d+) cannot be raised: (.+)$", re.MULTILINE)


def examples(fn: Fn) -> list[tuple[str, str]]:
    """The `call -> result` lines of a function's doc: shown in its page, run by the tests."""
    pattern = re.compile(rf"^({re.escape(fn.name)}\(.*\)) -> (.+)$", re.MULTILINE)
    return pattern.findall(fn.doc)


def unreachable(fn: Fn) -> dict[int, str]:
    """Error codes that no call can raise, each with the reason."""
    return {int(code): reason for code, reason in UNREACHABLE.findall(fn.doc)}


def summary(fn: Fn) -> str:
    """The first sentence."""
    first = " ".join(fn.doc.partition("\n\n")[0].split())
    return first.partition(". ")[0].rstrip(".")


def prose(fn: Fn) -> str:
    """The doc without its examples and the notes on errors."""
    shown = {f"{call} -> {result}" for call, result in examples(fn)}
    lines = [x for x in fn.doc.splitlines() if x.strip() not in shown and not UNREACHABLE.match(x.strip())]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def notes(fn: Fn) -> list[str]:
    """What is particular about it."""
    found = []
    if fn.deprecated:
        found.append("Deprecated.")
    elif any(s.deprecated for s in fn.signatures):
        found.append("Some of its signatures are deprecated.")
    if fn.random:
        found.append("Draws random numbers from the engine's generator.")
    elif fn.nondeterministic == "unordered":
        found.append("The order of the result is not specified.")
    if fn.accuracy != "exact":
        found.append(
            {"ulp": "Accurate to 4 units in the last place.", "1e-9": "Accurate to 1e-9."}[fn.accuracy]
        )
    return found


def page(fn: Fn) -> str:
    """All of it as text."""
    parts = [
        "\n".join(f"{fn.name}{s}" + ("   (deprecated)" if s.deprecated else "") for s in fn.signatures),
        prose(fn),
        " ".join(notes(fn)),
    ]
    if shown := examples(fn):
        parts.append("\n".join(["Examples:", *(f"    {call} -> {result}" for call, result in shown)]))
    if fn.errors:
        reasons = unreachable(fn)
        lines = [
            f"    {code}  {message}" + (f" (cannot be raised: {reasons[code]})" if code in reasons else "")
            for message, code in fn.errors.items()
        ]
        parts.append("\n".join(["Errors:", *lines]))
    return "\n\n".join(part for part in parts if part)
