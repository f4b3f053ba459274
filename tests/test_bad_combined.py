"""One mistake is one problem: k faulty pieces in a document are k problems, at their places, in its order.

A piece is what stands somewhere in a sound document: steps of the action, a function, a cell, a field at the
top.  `$` in it is a number of its own: names do not meet.  Beside it: the problem's class and pointer.
"""

import json
import random

import pytest
import yaml

import pfa
from conformance.cases import own_cases

FLOWER = {
    "type": "record",
    "name": "Flower",
    "fields": [{"name": "petal", "type": "double"}, {"name": "color", "type": "string"}],
}
DATUM = {
    "type": "record",
    "name": "Datum",
    "fields": [
        {"name": "x", "type": "double"},
        {"name": "n", "type": "int"},
        {"name": "s", "type": "string"},
        {"name": "maybe", "type": ["null", "double"]},
        {"name": "list", "type": {"type": "array", "items": "double"}},
        {"name": "table", "type": {"type": "map", "values": "double"}},
        {"name": "flower", "type": FLOWER},
        {"name": "color", "type": {"type": "enum", "name": "Color", "symbols": ["red", "green"]}},
        {"name": "raw", "type": "bytes"},
    ],
}
TWICE = {"params": [{"v": "double"}], "ret": "double", "do": {"*": ["v", 2]}}
SOUND = {
    "cells": {
        "offset": {"type": "double", "init": 1.5},
        "count": {"type": "int", "init": 0},
        "model": {"type": "Flower", "init": {"petal": 1.5, "color": "red"}},
    },
    "pools": {"seen": {"type": "int", "init": {"a": 1}}},
    "fcns": {"twice": TWICE, "red": {"params": [{"v": "double"}], "ret": "int", "do": 1}},
    "action": [{"let": {"start": {"u.twice": "input.x"}}}, {"log": ["start"]}],
}

# Steps of the action.
STEPS = [
    ([{"log": ["unknown$"]}], "UnknownSymbol", "/0/log/0"),
    ([{"let": {"v$": "strt"}}, {"log": {"+": ["v$", 1]}}], "UnknownSymbol", "/0/let/v$"),
    ([{"let": {"v$": {"+": ["input.x", "input.s"]}}}, {"s.len": ["v$"]}], "WrongType", "/0/let/v$/+/1"),
    ([{"lett": {"v$": 1}}, {"+": ["v$", 2]}], "UnknownForm", "/0/lett"),
    ([{"let": ["v$", 1]}, {"+": ["v$", 2]}], "WrongJson", "/0/let"),
    ([{"let": {"v-$": 1}}, {"+": ["v-$", 2]}], "BadName", "/0/let/v-$"),
    ([{"let": {"v$": 1}}, {"let": {"v$": ["x"]}}, {"s.len": ["v$"]}], "AlreadyDeclared", "/1/let/v$"),
    ([{"+": [{"let": {"v$": 1}}, "v$"]}], "SealedWithin", "/0/+/0"),
    ([{"let": {"v$": 1}}, {"set": {"v$": 1.5}}, {"+": ["v$", 1]}], "WrongType", "/1/set/v$"),
    ([{"set": {"v$": 1}}], "UnknownSymbol", "/0/set/v$"),
    ([{"set": {"input": "input"}}], "SealedAbove", "/0/set/input"),
    ([{"let": {"v$": {"m.sqrrt": ["input.x"]}}}, {"s.len": "v$"}], "UnknownFunction", "/0/let/v$/m.sqrrt"),
    ([{"let": {"v$": {"u.twise": ["input.x"]}}}, {"s.len": "v$"}], "UnknownFunction", "/0/let/v$/u.twise"),
    ([{"let": {"v$": {"u.twice": []}}}, {"+": ["v$", 1]}], "WrongCount", "/0/let/v$"),
    ([{"+": [{"m.sqrt": ["input.x", 2]}, 1]}], "WrongCount", "/0/+/0"),
    ([{"u.twice": ["input.s"]}], "WrongType", "/0/u.twice/0"),
    ([{"a.map": ["input.list", "u.twice"]}], "FunctionExpected", "/0/a.map/1"),
    ([{"a.map": ["input.list", {"fcn": "u.non$"}]}], "UnknownFunction", "/0/a.map/1/fcn"),
    (
        [{"a.sort": [{"a.map": ["input.list", {"fcn": "max"}]}]}],
        "GenericReference",
        "/0/a.sort/0/a.map/1/fcn",
    ),
    (
        [{"a.map": ["input.list", {"fcn": "u.twice", "fill": {"w": 1}}]}],
        "UnknownParameter",
        "/0/a.map/1/fill/w",
    ),
    (
        [{"a.map": ["input.list", {"params": [{"v": "dubble"}], "ret": "int", "do": 1}]}],
        "UnknownType",
        "/0/a.map/1/params/0/v",
    ),
    (
        [{"a.map": ["input.list", {"params": [{"v": "double"}], "do": "v"}]}],
        "MissingField",
        "/0/a.map/1",
    ),
    (
        [{"a.map": ["input.list", {"params": [{"v": "double"}], "ret": "int", "do": "v"}]}],
        "WrongType",
        "/0/a.map/1/do",
    ),
    ([{"+": [{"fcn": "u.twice"}, 1]}], "FunctionUnexpected", "/0/+/0"),
    ([{"a.map": ["input.list", {"params": [{"v": "string"}], "ret": "int", "do": 1}]}], "NoSignature", "/0"),
    ([{"let": {"v$": {"fcn": "u.twice"}}}, {"+": ["v$", 1]}], "FunctionUnexpected", "/0/let/v$"),
    ([{"if": "input.x", "then": {"log": ["start"]}}], "WrongType", "/0/if"),
    ([{"if": True, "thn": [{"let": {"v$": 1}}, {"+": ["v$", 1]}]}], "UnknownField", "/0/thn"),
    ([{"let": {"v$": {"if": True, "then": 1, "els": 2}}}, {"+": ["v$", 1]}], "UnknownField", "/0/let/v$/els"),
    ([{"let": {"v$": {"fi": True, "then": 1, "else": 2}}}, {"+": ["v$", 1]}], "UnknownForm", "/0/let/v$/fi"),
    (
        [{"let": {"v$": {"cond": [{"if": True}], "else": 2}}}, {"+": ["v$", 1]}],
        "MissingField",
        "/0/let/v$/cond/0",
    ),
    ([{"while": {"<": ["start", 0]}, "do": []}], "WrongJson", "/0/do"),
    ([{"foreach": "v$", "in": "input.table", "do": {"+": ["v$", 1]}}], "WrongType", "/0/in"),
    ([{"foreach": "v$", "on": "input.list", "do": {"+": ["v$", 1]}}], "UnknownField", "/0/on"),
    ([{"foreach": "start", "in": "input.list", "do": {"log": "start"}}], "AlreadyDeclared", "/0/foreach"),
    (
        [{"for": {"v$": 0}, "while": "v$", "step": {"v$": {"+": ["v$", 1]}}, "do": {"log": "v$"}}],
        "WrongType",
        "/0/while",
    ),
    ([{"forkey": "k$", "forval": "v$", "in": "input.list", "do": {"+": ["v$", 1]}}], "WrongType", "/0/in"),
    (
        [{"let": {"v$": {"ifnotnull": {"w": "input.x"}, "then": "w", "else": 0}}}],
        "WrongType",
        "/0/let/v$/ifnotnull/w",
    ),
    ([{"ifnotnull": {"w": "input.maybe"}, "then": {"s.len": ["w"]}}], "WrongType", "/0/then/s.len/0"),
    (
        [{"cast": "input.maybe", "cases": [{"as": "string", "named": "w", "do": 0}], "partial": True}],
        "NotReached",
        "/0/cases/0/as",
    ),
    (
        [
            {
                "let": {
                    "v$": {
                        "cast": "input.maybe",
                        "cases": [
                            {"as": "int", "named": "w", "do": 0},
                            {"as": "double", "named": "w", "do": "w"},
                        ],
                    }
                }
            }
        ],
        "NotExhaustive",
        "/0/let/v$",
    ),
    (
        [{"let": {"v$": {"upcast": "input.x", "as": "int"}}}, {"+": ["v$", 1]}],
        "WrongType",
        "/0/let/v$/upcast",
    ),
    (
        [
            {"let": {"v$": {"new": ["input.x", "input.s"], "type": {"type": "array", "items": "double"}}}},
            {"a.sum": "v$"},
        ],
        "WrongType",
        "/0/let/v$/new/1",
    ),
    (
        [{"let": {"v$": {"new": {"petl": 1, "color": ["red"]}, "type": "Flower"}}}, {"log": "v$.petal"}],
        "NoSuchField",
        "/0/let/v$/new/petl",
    ),
    (
        [{"let": {"v$": {"new": {"petal": 1}, "type": "Flower"}}}, {"log": "v$.color"}],
        "MissingField",
        "/0/let/v$/new",
    ),
    ([{"let": {"v$": {"type": "int", "value": "5"}}}, {"+": ["v$", 1]}], "BadData", "/0/let/v$/value"),
    ([{"let": {"v$": {"type": "Flowr", "value": {}}}}, {"log": "v$.petal"}], "UnknownType", "/0/let/v$/type"),
    ([{"let": {"v$": {"int": 3000000000}}}, {"+": ["v$", 1]}], "OutOfRange", "/0/let/v$/int"),
    ([{"let": {"v$": {"base64": "?"}}}, {"bytes.len": "v$"}], "BadBase64", "/0/let/v$/base64"),
    ([{"let": {"v$": [1, 2]}}, {"a.sum": "v$"}], "WrongJson", "/0/let/v$"),
    ([{"let": {"v$": "input.flower.petl"}}, {"+": ["v$", 1]}], "NoSuchField", "/0/let/v$"),
    (
        [{"let": {"v$": {"attr": "input", "path": [["flwer"], ["petal"]]}}}, {"+": ["v$", 1]}],
        "NoSuchField",
        "/0/let/v$/path/0",
    ),
    ([{"let": {"v$": {"attr": "input", "path": "x"}}}, {"+": ["v$", 1]}], "WrongJson", "/0/let/v$/path"),
    ([{"let": {"v$": {"attr": "input", "path": []}}}, {"+": ["v$", 1]}], "BadPath", "/0/let/v$/path"),
    ([{"let": {"v$": {"cell": "ofset"}}}, {"+": ["v$", 1]}], "UnknownStorage", "/0/let/v$/cell"),
    ([{"cell": "count", "to": 1.5}], "WrongType", "/0/to"),
    (
        [{"cell": "count", "to": {"params": [{"o": "int"}], "ret": "int", "do": {"cell": "count", "to": 0}}}],
        "UpdateWrites",
        "/0/to",
    ),
    ([{"pool": "seen", "path": ["input.s"], "to": 1}], "MissingField", "/0"),
    ([{"pool": "seen", "remove": "input.s"}], "UnknownField", "/0/remove"),
    (
        [{"unpack": "input.raw", "format": [{"v$": "itn"}], "then": {"+": ["v$", 1]}}],
        "BadFormat",
        "/0/format/0/v$",
    ),
    ([{"bytes.len": [{"pack": [{"int": "input.x"}]}]}], "WrongType", "/0/bytes.len/0/pack/0/int"),
    ([{"if": False, "then": {"error": "stop", "code": 5}}], "BadErrorCode", "/0/then/code"),
    ([{"let": {"v$": {"try": []}}}], "WrongJson", "/0/let/v$/try"),
    ([{"emit": "input.x"}, {"emit": 1}], "Misplaced", "/0"),
    ([{"call": "input.s", "args": [1]}], "WrongType", "/0/call"),
    ([{"call": "input.color", "args": [1.5]}], "UnknownFunction", "/0/call"),
    ([{"@": 5, "log": "start"}], "BadLocator", "/0/@"),
    ([{"then": 1, "else": 2}], "MissingField", "/0"),
    ([{"when": 1, "else": 2}], "UnknownForm", "/0"),
]
STEPS += [
    (
        [{"let": {"v$": {"type": ["null", "Flowr"], "value": None}}}, {"s.len": ["v$"]}],
        "UnknownType",
        "/0/let/v$/type/1",
    ),
    (
        [{"let": {"v$": {"if": True, "then": "unknwn", "else": [["x"]]}}}, {"+": ["v$", 1]}],
        "UnknownSymbol",
        "/0/let/v$/then",
    ),
    (
        [{"let": {"v$": {"if": True, "then": [["x"]], "else": "unknwn"}}}, {"+": ["v$", 1]}],
        "UnknownSymbol",
        "/0/let/v$/else",
    ),
    (
        [{"let": {"v$": {"upcast": "input.x", "as": "dubble"}}}, {"s.len": ["v$"]}],
        "UnknownType",
        "/0/let/v$/as",
    ),
    (
        [{"let": {"v$": {"cond": [{"if": True, "do": 1}], "else": 2}}}, {"s.len": ["v$"]}],
        "UnknownField",
        "/0/let/v$/cond/0/do",
    ),
    (
        [{"let": {"v$": {"cond": [{"if": True, "then": 1}, 5], "else": 2}}}, {"s.len": ["v$"]}],
        "WrongJson",
        "/0/let/v$/cond/1",
    ),
    (
        [
            {
                "let": {
                    "v$": {
                        "cast": "input.maybe",
                        "cases": [{"as": "null", "do": 0}, {"as": "double", "named": "w", "do": "w"}],
                    }
                }
            },
            {"s.len": ["v$"]},
        ],
        "MissingField",
        "/0/let/v$/cases/0",
    ),
    (
        [{"let": {"v$": {"new": "x", "type": {"type": "array", "items": "double"}}}}, {"a.sum": "v$"}],
        "WrongJson",
        "/0/let/v$/new",
    ),
    ([{"let": [{"v$": 1}]}, {"+": ["v$", 2]}], "WrongJson", "/0/let"),
    ([{"let": {"v$": {"emit": "input.x"}}}, {"+": ["v$", 1]}], "Misplaced", "/0/let/v$"),
]
ONCE = ("Misplaced",)  # told once a document

# No problem hides another: what is wrong beside, below or after a mistake is told, too.
BESIDE = [
    ([{"let": ["v", "input"]}, {"log": "input.zz"}], ["WrongJson /0/let", "NoSuchField /1/log"]),
    (
        [{"do": [{"+": [{"let": {"v": 1}}, 2]}]}, {"log": "v"}],
        ["SealedWithin /0/do/0/+/0", "UnknownSymbol /1/log"],
    ),
    (
        [{"if": True, "thn": {"+": ["input.x", "input.s"]}}],
        ["UnknownField /0/thn", "WrongType /0/thn/+/1"],
    ),
    (
        [{"lett": {"v": {"+": ["input.x", "input.s"]}}}, {"log": "w"}],
        ["UnknownForm /0/lett", "WrongType /0/lett/v/+/1", "UnknownSymbol /1/log"],
    ),
    (
        [
            {
                "cell": "count",
                "two": {"params": [{"o": "int"}], "ret": "int", "do": {"cell": "count", "to": 0}},
            }
        ],
        ["UnknownField /0/two", "UpdateWrites /0/two"],
    ),
    (
        [{"u.nothing": [{"m.sqrt": "input.s"}]}],
        ["UnknownFunction /0/u.nothing", "WrongType /0/u.nothing/0/m.sqrt"],
    ),
    (
        [{"m.nothing": [{"m.sqrt": "input.s"}]}],
        ["UnknownFunction /0/m.nothing", "WrongType /0/m.nothing/0/m.sqrt"],
    ),
    ([{"u.twice": [{"m.sqrt": "input.s"}, 1]}], ["WrongCount /0", "WrongType /0/u.twice/0/m.sqrt"]),
    ([{"m.exp": [{"m.sqrt": "input.s"}, 1]}], ["WrongCount /0", "WrongType /0/m.exp/0/m.sqrt"]),
    (
        [{"cell": "ofset", "path": [{"m.sqrt": "input.s"}]}],
        ["UnknownStorage /0/cell", "WrongType /0/path/0/m.sqrt"],
    ),
    (
        [{"unpack": "input.s", "format": [{"v": "itn"}], "then": {"log": "w"}}],
        ["WrongType /0/unpack", "BadFormat /0/format/0/v", "UnknownSymbol /0/then/log"],
    ),
    (
        [{"let": {"v": 1}}, {"let": {"v": 2}}, {"s.len": ["v"]}],
        ["AlreadyDeclared /1/let/v", "WrongType /2/s.len/0"],
    ),
    ([{"foreach": "v", "in": "input.x", "do": {"log": "w"}}], ["WrongType /0/in", "UnknownSymbol /0/do/log"]),
    (
        [{"emit": "input.x"}, {"+": [{"emit": 1}, 1]}, {"s.len": [1]}],
        ["Misplaced /0", "WrongType /2/s.len/0"],
    ),
]

BODY = {"*": ["v", 2]}
FUNCTIONS = [
    ("v * 2", "WrongJson", ""),
    ({"params": [{"v": "double"}], "ret": "double"}, "MissingField", ""),
    ({"params": ["v"], "ret": "double", "do": BODY}, "WrongJson", "/params/0"),
    ({"params": {"v": "double"}, "ret": "double", "do": BODY}, "WrongJson", "/params"),
    ({"parms": [{"v": "double"}], "ret": "double", "do": BODY}, "UnknownField", "/parms"),
    ({"params": [{"v": "duble"}], "ret": "double", "do": BODY}, "UnknownType", "/params/0/v"),
    ({"params": [{"v": "double"}], "ret": "int", "do": BODY}, "WrongType", "/do"),
    (
        {"params": [{"v": "double"}], "ret": "double", "do": {"*": ["input.x", "v"]}},
        "UnknownSymbol",
        "/do/*/0",
    ),
    ({"params": [{"v": "double"}], "ret": "double", "do": []}, "WrongJson", "/do"),
    (
        {"params": [{"v": {"type": "array"}}], "ret": "double", "do": {"a.sum": "v"}},
        "MissingField",
        "/params/0/v",
    ),
    (
        {"params": [{"v": {"type": "enum", "name": "E$"}}], "ret": "E$", "do": "v"},
        "MissingField",
        "/params/0/v",
    ),
    (
        {
            "params": [{"v": {"type": "record", "name": "R$", "fields": [{"name": "a"}]}}],
            "ret": "double",
            "do": "v.a",
        },
        "MissingField",
        "/params/0/v/fields/0",
    ),
]
CELLS = [
    ({"type": "double"}, "MissingField", ""),
    (1.5, "WrongJson", ""),
    ({"type": "double", "int": 1.5}, "UnknownField", "/int"),
    ({"type": "double", "init": "1.5"}, "BadData", "/init"),
    ({"type": "Flower", "init": {"petal": 1.5, "colour": "red"}}, "NoSuchField", "/init/colour"),
    ({"type": ["null", "double"], "init": 1.5}, "BadData", "/init"),
    ({"type": "double", "init": 1.5, "shared": True, "rollback": True}, "Incompatible", ""),
    ({"type": "dubble", "init": 1.5}, "UnknownType", "/type"),
    ({"type": "double", "init": 1.5, "source": "xml"}, "WrongJson", "/source"),
    ({"type": {"type": "fixed", "name": "F$", "size": "4"}, "init": "abcd"}, "WrongJson", "/type/size"),
]
TOP = [
    ("version", "3", "WrongJson"),
    ("randseed", 1.5, "WrongJson"),
    ("metadata", ["x"], "WrongJson"),
    ("options", 5, "WrongJson"),
    ("doc", 5, "WrongJson"),
    ("author", "me", "UnknownField"),
    ("zero", 0.0, "Misplaced"),
    ("name", None, "WrongJson"),
]


class Draft:
    """A document that grows, and the problems that it must have."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.number = 0
        self.document = {"input": DATUM, "output": "double", **json.loads(json.dumps(SOUND))}
        self.expected = []

    def own(self, piece):
        """A copy of a piece with its number."""
        return json.loads(json.dumps(piece).replace("$", str(self.number)))

    def add(self):
        self.number += 1
        kind = self.random.choice(("steps", "steps", "steps", "functions", "cells", "top"))
        getattr(self, kind)()

    def expect(self, kind, pointer):
        self.expected.append((kind, pointer.replace("$", str(self.number))))

    def steps(self):
        steps, kind, pointer = self.random.choice(STEPS)
        if kind in ONCE and any(k in ONCE and p.startswith("/action") for k, p in self.expected):
            return
        action = self.document["action"]
        _, at, rest = pointer.split("/", 2) if pointer.count("/") > 1 else (*pointer.split("/"), "")
        self.expect(kind, f"/action/{len(action) + int(at)}{'/' if rest else ''}{rest}")
        action += self.own(steps)

    def functions(self):
        """Calls of the broken function are no further problem, whatever they pass."""
        function, kind, pointer = self.random.choice(FUNCTIONS)
        name = f"f{self.number}"
        self.document["fcns"][name] = self.own(function)
        self.expect(kind, f"/fcns/{name}{pointer}")
        if kind == "WrongType":
            return
        self.document["action"].append({"let": {f"r{self.number}": {f"u.{name}": ["start"]}}})
        if kind != "UnknownSymbol":
            self.document["action"].append({"a.map": ["input.list", {"fcn": f"u.{name}"}]})

    def cells(self):
        cell, kind, pointer = self.random.choice(CELLS)
        self.document["cells"][f"c{self.number}"] = self.own(cell)
        self.expect(kind, f"/cells/c{self.number}{pointer}")
        self.document["action"].append({"log": {"cell": f"c{self.number}"}})

    def top(self):
        key, value, kind = self.random.choice(TOP)
        if key not in self.document:
            self.document[key] = value
            self.expect(kind, f"/{key}")

    def finish(self):
        """The document with its fields in some order; what is expected, in document order."""
        self.document["action"].append("input.x")
        fields = list(self.document.items())
        self.random.shuffle(fields)
        document = dict(fields)
        return document, sorted(self.expected, key=lambda e: order(document, e[1]))


def order(document, pointer):
    """The positions of a pointer's tokens among their siblings."""
    places = []
    for token in pointer.split("/")[1:]:
        siblings = list(document) if isinstance(document, dict) else [str(i) for i in range(len(document))]
        places.append(siblings.index(token))
        document = document[token] if isinstance(document, dict) else document[int(token)]
    return places


def drafts(count, seeds):
    """Documents with `count` faulty pieces, and the problems that they must have."""
    for seed in seeds:
        draft = Draft(1000 * count + seed)
        while len(draft.expected) < count:
            draft.add()
        yield draft.finish()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 20])
def test_k_faulty_pieces_are_k_problems_at_their_places_in_document_order(count):
    for document, expected in drafts(count, range(300)):
        found = pfa.check(json.dumps(document, indent=1))
        assert [(type(p).__name__, p.at.pointer) for p in found] == expected, json.dumps(document)
        places = [(p.at.line, p.at.col) for p in found]
        assert places == sorted(places)


@pytest.mark.parametrize("count", [3, 6])
def test_the_same_problems_are_found_in_yaml_and_in_a_dict(count):
    for document, expected in drafts(count, range(20)):
        text = yaml.safe_dump(document, sort_keys=False)
        for form in (text, document):
            found = pfa.check(form)
            assert [(type(p).__name__, p.at.pointer) for p in found] == expected
        lines = text.splitlines()
        assert all(1 <= p.at.line <= len(lines) for p in pfa.check(text))


@pytest.mark.parametrize("piece", STEPS, ids=lambda piece: f"{piece[1]} {json.dumps(piece[0])[:40]}")
def test_a_step_twice_is_two_problems(piece):
    """Also beside itself: no problem hides another of its kind, but those that are told once."""
    steps, kind, _ = piece
    action = [step for n in (1, 2) for step in json.loads(json.dumps(steps).replace("$", str(n)))]
    document = {"input": DATUM, "output": "double", **SOUND, "action": [*SOUND["action"], *action, "input.x"]}
    found = pfa.check(document)
    assert [type(p).__name__ for p in found] == [kind] * (1 if kind in ONCE else 2)


@pytest.mark.parametrize("piece", BESIDE, ids=lambda piece: json.dumps(piece[0])[:60])
def test_no_problem_hides_another(piece):
    steps, expected = piece
    found = pfa.check({"input": DATUM, "output": "double", **SOUND, "action": [*steps, "input.x"]})
    assert [f"{type(p).__name__} {p.at.pointer.removeprefix('/action')}" for p in found] == expected


# --- one name misspelled -----------------------------------------------------------------------------------

FIELDS = {
    "name", "method", "input", "output", "begin", "action", "end", "fcns", "zero", "merge", "cells",
    "pools", "randseed", "doc", "version", "metadata", "options", "type", "init", "shared", "rollback",
    "source", "params", "ret", "fcn", "fill", "new", "value", "let", "set", "attr", "path", "cell",
    "pool", "del", "then", "else", "cond", "while", "until", "for", "step", "foreach", "seq", "forkey",
    "forval", "cast", "cases", "named", "partial", "upcast", "ifnotnull", "unpack", "format", "pack",
    "error", "code", "try", "filter", "log", "namespace", "call", "args", "items", "values", "fields",
    "symbols", "size",
}  # fmt: skip
AVRO = ("namespace", "doc", "source", "aliases")  # attributes that Avro does not ask for
SOUND_CASES = [
    case
    for case in own_cases()
    if not ({"invalid", "error_code"} & case.expect.keys()) and "engine" in case.entry
]


def fields(value, at=()):
    """The objects of a document with a field that can be misspelled; embedded data is none."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in FIELDS:
                yield at, key
            if key not in ("init", "zero", "metadata", "options") and not (
                key == "value" and "type" in value
            ):
                yield from fields(inner, (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from fields(inner, (*at, i))


def misspelled(document, at, key):
    """A copy of a document with one field misspelled: its last two letters changed, or one too many."""
    document = json.loads(json.dumps(document))
    around = document
    for token in at:
        around = around[token]
    wrong = f"{key[:-2]}{key[-1]}{key[-2]}" if len(key) > 3 and key[-1] != key[-2] else f"{key}e"
    members = [(wrong if k == key else k, v) for k, v in around.items()]
    around.clear()
    around.update(members)
    return document, wrong


@pytest.mark.parametrize("case", SOUND_CASES, ids=str)
def test_any_field_misspelled_is_one_problem(case):
    """Or none, where the field is an attribute of a type: Avro ignores those that it does not know."""
    for at, key in fields(case.document):
        document, wrong = misspelled(case.document, at, key)
        found = pfa.check(document)
        assert len(found) == 1 or (key in AVRO and not found), (at, wrong, [str(p) for p in found])
        assert key in AVRO or f'"{key}"' in found[0].text or f'"{wrong}"' in found[0].text


def test_the_sound_document_is_sound():
    document = {"input": DATUM, "output": "double", **SOUND}
    assert pfa.check({**document, "action": [*SOUND["action"], "input.x"]}) == []
