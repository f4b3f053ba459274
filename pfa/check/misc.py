"""`doc`, `error`, `try`, `log` (specification, "Miscellaneous special forms")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pfa.check.checker import Checker, form, widen
from pfa.check.problems import BadErrorCode
from pfa.errors import Where
from pfa.ir import Error, Expr, Log, Try, null
from pfa.types import BOTTOM, NULL, UNKNOWN, join

if TYPE_CHECKING:
    from pfa.check.scope import Scope


@form("doc")
def check_doc(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    if not isinstance(value["doc"], str):
        c.wrong_json('"doc"', "a string", value["doc"], f"{at}/doc")
    return null(at)


@form("error", optional=("code",))
def check_error(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    message = value["error"]
    code = value.get("code", 0)
    if not isinstance(message, str):
        c.wrong_json('"error"', "a string, the message", message, f"{at}/error")
        message = ""
    if type(code) is not int:
        c.wrong_json('"code"', "a negative integer", code, f"{at}/code")
        code = 0
    elif "code" in value and code >= 0:
        c.report(BadErrorCode(code, at=Where(f"{at}/code")))
    return Error(BOTTOM, message, code, at=at)


@form("try", optional=("filter",))
def check_try(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    body = c.body(value["try"], f"{at}/try", scope.block())
    messages: list[str] = []
    codes: list[int] = []
    if "filter" in value:
        for i, item in enumerate(c.items(value["filter"], '"filter"', f"{at}/filter")):
            if isinstance(item, str):
                messages.append(item)
            elif type(item) is int:
                codes.append(item)
            else:
                what, expected = 'an item of "filter"', "a message or a code (a string or an integer)"
                c.wrong_json(what, expected, item, f"{at}/filter/{i}")
    joined = join([body.type, NULL]) or UNKNOWN
    made = widen(joined, body)
    return Try(joined, made, tuple(messages), tuple(codes), "filter" in value, at=at)


@form("log", optional=("namespace",))
def check_log(c: Checker, value: dict[str, Any], at: str, scope: Scope) -> Expr:
    given = value["log"]
    listed = given if type(given) is list else [given]
    places = [f"{at}/log/{i}" for i in range(len(listed))] if type(given) is list else [f"{at}/log"]
    if type(given) is list and not listed:
        c.wrong_json('"log"', "one or more expressions", given, f"{at}/log")
    if type(given) is list and len(given) == 1:
        c.lone = places[0]
    values = [c.expression(x, p, scope.value()) for x, p in zip(listed, places, strict=True)]
    namespace = value.get("namespace", "")
    if not isinstance(namespace, str):
        c.wrong_json('"namespace"', "a string", namespace, f"{at}/namespace")
        namespace = ""
    return Log(NULL, tuple(values), namespace, at=at)


