"""Calls of library functions: a selection, with the specification's signatures in a short notation.

    a.map      [A] (A -> B) -> [B]      array of A, function from A to B; array of B
    map.len    {A} -> int               map of A
    re.groups  string string -> [[int]]
    impute.defaultOnNull  A? A -> A     union of A and null

A, B, Z stand for any type, S for one that is neither array nor union, N for a number, I for int or long,
E for an enum, F for a fixed; a capital that comes again is the same type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.generate.functions import function
from tests.generate.maker import CANNOT, Maker, makes
from tests.generate.types import NULL, NUMBERS, T, array, map_of, union

if TYPE_CHECKING:
    from tests.generate.scope import Place

ROWS = """
+ N N -> N
- N N -> N
* N N -> N
/ double double -> double
// I I -> I
u- N -> N
% N N -> N
%% N N -> N
** N N -> N
cmp A A -> int
== A A -> boolean
!= A A -> boolean
< A A -> boolean
<= A A -> boolean
> A A -> boolean
>= A A -> boolean
== double double -> boolean
== E string -> boolean
< double double -> boolean
>= int int -> boolean
max A A -> A
min A A -> A
&& boolean boolean -> boolean
|| boolean boolean -> boolean
^^ boolean boolean -> boolean
! boolean -> boolean
&&& boolean? boolean? -> boolean?
||| boolean? boolean? -> boolean?
!!! boolean? -> boolean?
& I I -> I
| I I -> I
^ I I -> I
~ I -> I
m.pi -> double
m.abs N -> N
m.signum double -> int
m.copysign N N -> N
m.floor double -> double
m.round float -> int
m.round double -> long
m.sqrt double -> double
m.hypot double double -> double
m.exp double -> double
m.ln double -> double
m.log double int -> double
m.atan2 double double -> double
m.special.nChooseK int int -> int
m.link.softmax [double] -> [double]
m.link.logit {double} -> {double}
m.link.tanh double -> double
m.kernel.rbf [double] [double] double -> double
s.len string -> int
s.substr string int int -> string
s.contains string string -> boolean
s.index string string -> int
s.join [string] string -> string
s.split string string -> [string]
s.hex long -> string
s.number long -> string
s.number double int? int? -> string
s.concat string string -> string
s.repeat string int -> string
s.upper string -> string
s.strip string string -> string
s.replaceall string string string -> string
re.contains string string -> boolean
re.findall string string -> [string]
re.findfirst string string -> string?
re.groups string string -> [[int]]
re.split bytes bytes -> [bytes]
parse.int string int -> int
parse.double string -> double
cast.signed long int -> long
cast.int double -> int
cast.long long -> long
cast.float int -> float
cast.double float -> double
cast.fanoutBoolean E -> [boolean]
cast.fanoutInt int int int boolean -> [int]
cast.avro A -> bytes
cast.json A -> string
a.map [A] (A -> B) -> [B]
a.mapWithIndex [A] (int A -> B) -> [B]
a.filter [A] (A -> boolean) -> [A]
a.filterMap [A] (A -> B?) -> [B]
a.flatMap [A] (A -> [B]) -> [B]
a.zipmap [A] [B] (A B -> Z) -> [Z]
a.reduce [A] (A A -> A) -> A
a.fold [A] B (B A -> B) -> B
a.foldRight [A] B (A B -> B) -> B
a.takeWhile [A] (A -> boolean) -> [A]
a.any [A] (A -> boolean) -> boolean
a.corresponds [A] [B] (A B -> boolean) -> boolean
a.groupby [A] (A -> string) -> {[A]}
a.sort [A] -> [A]
a.sortLT [A] (A A -> boolean) -> [A]
a.max [A] -> A
a.maxLT [A] (A A -> boolean) -> A
a.minN [A] int -> [A]
a.argmax [A] -> int
a.contains [S] S -> boolean
a.count [A] (A -> boolean) -> int
a.index [S] S -> int
a.distinct [A] -> [A]
a.seteq [A] [A] -> boolean
a.union [A] [A] -> [A]
a.diff [A] [A] -> [A]
a.sum [N] -> N
a.product [N] -> N
a.mean [double] -> double
a.median [A] -> A
a.mode [A] -> A
a.len [A] -> int
a.head [A] -> A
a.tail [A] -> [A]
a.last [A] -> A
a.subseq [A] int int -> [A]
a.subseqto [A] int int [A] -> [A]
a.concat [A] [A] -> [A]
a.append [A] A -> [A]
a.cycle [A] A int -> [A]
a.insert [A] int A -> [A]
a.replace [A] int A -> [A]
a.remove [A] int -> [A]
a.rotate [A] int -> [A]
a.shuffle [A] -> [A]
a.reverse [A] -> [A]
a.slidingWindow [A] int int -> [[A]]
a.combinations [A] int -> [[A]]
a.flatten [[A]] -> [A]
map.map {A} (A -> B) -> {B}
map.mapWithKey {A} (string A -> B) -> {B}
map.filterWithKey {A} (string A -> boolean) -> {A}
map.filterMap {A} (A -> B?) -> {B}
map.flatMap {A} (A -> {B}) -> {B}
map.zipmap {A} {B} (A B -> Z) -> {Z}
map.argmax {A} -> string
map.argminN {A} int -> [string]
map.toset [A] -> {A}
map.fromset {A} -> [A]
map.in {A} A -> boolean
map.len {A} -> int
map.keys {A} -> [string]
map.values {A} -> [A]
map.containsKey {A} string -> boolean
map.containsValue {S} S -> boolean
map.add {A} string A -> {A}
map.remove {A} string -> {A}
map.only {A} [string] -> {A}
map.update {A} {A} -> {A}
map.split {A} -> [{A}]
map.join [{A}] -> {A}
bytes.len bytes -> int
bytes.subseq bytes int int -> bytes
bytes.isUtf8 bytes -> boolean
bytes.decodeLatin1 bytes -> string
bytes.encodeUtf16le string -> bytes
bytes.toBase64 bytes -> string
bytes.fromBase64 string -> bytes
fixed.toBytes F -> bytes
fixed.fromBytes F bytes -> F
enum.toString E -> string
enum.toInt E -> int
impute.errorOnNull A? -> A
impute.defaultOnNull A? A -> A
impute.isnan double -> boolean
impute.defaultOnNonNum double double -> double
"""


@dataclass(frozen=True)
class Wild:
    letter: str


@dataclass(frozen=True)
class Of:
    """array, map or a union with null, of a pattern."""

    kind: str
    inner: Pattern


@dataclass(frozen=True)
class Arrow:
    params: tuple[Pattern, ...]
    ret: Pattern


Pattern: TypeAlias = "T | Wild | Of | Arrow"
Env = dict[str, T]


@dataclass(frozen=True)
class Row:
    name: str
    params: tuple[Pattern, ...]
    ret: Pattern


_TOKEN = re.compile(r"->|[a-zA-Z]+|[\[\]{}()?]")
_CLOSE = {"[": ("array", "]"), "{": ("map", "}")}


def _patterns(tokens: list[str], stop: str) -> list[Pattern]:
    """Patterns up to a token, which is taken too."""
    found: list[Pattern] = []
    while (token := tokens.pop(0)) != stop:
        found.append(_pattern(token, tokens))
    return found


def _pattern(token: str, tokens: list[str]) -> Pattern:
    made: Pattern
    if token in _CLOSE:
        kind, close = _CLOSE[token]
        [inner] = _patterns(tokens, close)
        made = Of(kind, inner)
    elif token == "(":
        params = _patterns(tokens, "->")
        [ret] = _patterns(tokens, ")")
        made = Arrow(tuple(params), ret)
    else:
        made = Wild(token) if len(token) == 1 else T(token)
    if tokens and tokens[0] == "?":
        tokens.pop(0)
        return Of("nullable", made)
    return made


def _row(line: str) -> Row:
    name, _, rest = line.partition(" ")
    tokens = [*_TOKEN.findall(rest), ";"]
    params = _patterns(tokens, "->")
    [ret] = _patterns(tokens, ";")
    return Row(name, tuple(params), ret)


LIBRARY = [_row(line) for line in ROWS.strip().splitlines()]


# -- types for patterns --


def _allowed(letter: str, t: T) -> bool:
    """What a wildcard may stand for."""
    match letter:
        case "N":
            return t.kind in NUMBERS
        case "I":
            return t.kind in ("int", "long")
        case "E" | "F":
            return t.kind == {"E": "enum", "F": "fixed"}[letter]
        case "S":
            return t.kind not in ("array", "union")  # else another overload could be meant
        case _:
            return True


def unify(p: Pattern, t: T, env: Env) -> bool:
    """Make the pattern a type by filling `env`."""
    match p:
        case Wild(letter):
            if not _allowed(letter, t):
                return False
            return env.setdefault(letter, t) == t
        case Of("nullable", inner):
            return t.nullable and unify(inner, t.without_null(), env)
        case Of(kind, inner):
            return t.kind == kind and unify(inner, t.inner[0], env)
        case _:
            return p == t


def _invent(m: Maker, letter: str, p: Place) -> T:
    """A type for a wildcard that the result says nothing about: often one that is at hand."""
    if letter in "EF":
        kind = {"E": "enum", "F": "fixed"}[letter]
        return m.pick([t for t in m.types.named if t.kind == kind])
    if letter in "NI":
        return T(m.pick(NUMBERS if letter == "N" else NUMBERS[:2]))
    at_hand = [x for s in p.visible().values() for x in (s.type, *s.type.inner)]
    if at_hand and m.chance(0.5):
        t = m.pick(at_hand)
        if _allowed(letter, t):
            return t
    return m.types.any(0 if letter == "S" else 1, union_ok=letter != "S")


def _fill(m: Maker, p: Pattern, env: Env, place: Place) -> bool:
    """Fill the wildcards of a parameter; one that may be null is no null itself, and holds none."""
    match p:
        case Wild(letter):
            if letter not in env:
                env[letter] = _invent(m, letter, place)
            return True
        case Of("nullable", Wild(letter)):
            if letter not in env:
                env[letter] = _invent(m, letter, place)
            return NULL not in env[letter].branches
        case Of(_, inner):
            return _fill(m, inner, env, place)
        case Arrow(params, ret):
            filled = [_fill(m, x, env, place) for x in (*params, ret)]
            return all(filled)
        case _:
            return True


def _type(p: Pattern, env: Env) -> T:
    match p:
        case Wild(letter):
            return env[letter]
        case Of("array", inner):
            return array(_type(inner, env))
        case Of("map", inner):
            return map_of(_type(inner, env))
        case Of(_, inner):
            t = _type(inner, env)
            return union(*t.branches, NULL)
        case Arrow():
            raise TypeError("a function is no value")
        case _:
            return p


def _argument(m: Maker, name: str, p: Pattern, env: Env, place: Place) -> Any:
    if isinstance(p, Arrow):
        return function(m, tuple(_type(x, env) for x in p.params), _type(p.ret, env), place)
    t = _type(p, env)
    if t == T("int") and not isinstance(p, Wild) and m.chance(0.85):
        return m.small(2, 16) if name == "parse.int" else m.small(-1 if m.chance(0.1) else 0, 2)
    return m.exact(t, place.value())


@makes("library function", 42)
def library_call(m: Maker, t: T, p: Place) -> Any:
    found = [(row, env) for row in LIBRARY if unify(row.ret, t, env := {})]
    if not found:
        return CANNOT
    row, env = m.pick(found)
    filled = [_fill(m, x, env, p) for x in row.params]
    if not all(filled):
        return CANNOT
    args = [_argument(m, row.name, x, env, p) for x in row.params]
    if len(args) == 2 and row.params[0] == row.params[1] == Wild("N"):
        args[1] = m.exact(m.types.narrower(env["N"]), p.value())
        if m.chance(0.5):
            args.reverse()
    m.counts[f"call {row.name}"] += 1
    if row.name == "a.shuffle":
        m.uses.add("random")
    one = len(args) == 1 and not isinstance(args[0], list) and m.chance(0.6)
    return {row.name: args[0] if one else args}
