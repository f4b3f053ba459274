"""Types and values of them, for tests that send values through formats and tables and back."""

import math

from hypothesis import strategies as st

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "string", "bytes")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_VALUES = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "string": _TEXT,
    "bytes": st.binary(max_size=5),
}


def nullable(t):
    return t == "null" or (isinstance(t, list) and "null" in t)


def tag(t):
    return t if isinstance(t, str) else t.get("name", t["type"])


@st.composite
def named(draw, inner, names):
    """A record, an enum or a fixed, with a name that no other has."""
    names.append(f"T{len(names)}")
    name = names[-1]
    kind = draw(st.sampled_from(["record", "enum", "fixed"]))
    if kind == "enum":
        return {"type": "enum", "name": name, "symbols": draw(st.sampled_from([["a"], ["b", "a", "c"]]))}
    if kind == "fixed":
        return {"type": "fixed", "name": name, "size": draw(st.integers(1, 4))}
    fields = draw(st.lists(inner, min_size=1, max_size=3))
    return {"type": "record", "name": name, "fields": [{"name": f"f{i}", "type": t} for i, t in enumerate(fields)]}


def types(unions=True):
    """Avro schemas; without `unions` only those of null and one other type."""
    return st.builds(list).flatmap(lambda names: _types(names, 2, unions))


def _types(names, depth, unions):
    flat = st.sampled_from(PRIMITIVES)
    if depth == 0:
        return flat
    inner = st.deferred(lambda: _types(names, depth - 1, unions))
    plain = st.one_of(
        flat,
        named(inner, names),
        st.builds(lambda t: {"type": "array", "items": t}, inner),
        st.builds(lambda t: {"type": "map", "values": t}, inner),
    )
    several = st.lists(plain, min_size=2 if unions else 1, max_size=3, unique_by=tag)
    optional = plain.filter(lambda t: t != "null").map(lambda t: ["null", t])
    return st.one_of(plain, optional, several) if unions else st.one_of(plain, optional)


def values(t):
    """Values of a schema as they stand in tables: null with one other type bare, other unions tagged."""
    if isinstance(t, list):
        others = [b for b in t if b != "null"]
        if len(t) == 2 and len(others) == 1:
            return st.one_of(st.none(), values(others[0]))
        return st.one_of([values(b).map(lambda v, b=b: v if b == "null" else {tag(b): v}) for b in t])
    if isinstance(t, str):
        return _VALUES[t]
    match t["type"]:
        case "array":
            return st.lists(values(t["items"]), max_size=3)
        case "map":
            return st.dictionaries(_TEXT, values(t["values"]), max_size=3)
        case "record":
            return st.fixed_dictionaries({f["name"]: values(f["type"]) for f in t["fields"]})
        case "enum":
            return st.sampled_from(t["symbols"])
        case _:
            return st.binary(min_size=t["size"], max_size=t["size"])


def rows(unions=True):
    """A schema and a list of values of it."""
    return types(unions).flatmap(lambda t: st.tuples(st.just(t), st.lists(values(t), min_size=1, max_size=5)))


def tables(unions=True):
    """A record's schema and rows of it."""
    one = st.lists(types(unions), min_size=1, max_size=3).map(_table)
    return one.flatmap(lambda t: st.tuples(st.just(t), st.lists(values(t), max_size=5)))


def _table(columns):
    fields = [{"name": f"c{i}", "type": _renamed(t, f"N{i}_")} for i, t in enumerate(columns)]
    return {"type": "record", "name": "Row", "fields": fields}


def _renamed(t, prefix):
    if isinstance(t, list):
        return [_renamed(x, prefix) for x in t]
    if not isinstance(t, dict):
        return t
    made = {k: _renamed(v, prefix) if k in ("items", "values") else v for k, v in t.items()}
    if "name" in made:
        made["name"] = prefix + made["name"]
    if "fields" in made:
        made["fields"] = [{"name": f["name"], "type": _renamed(f["type"], prefix)} for f in made["fields"]]
    return made


def exact(value):
    """Equal only for the same values of the same classes: NaN is NaN, -0.0 is not 0.0."""
    match value:
        case dict():
            return {k: exact(v) for k, v in value.items()}
        case list() | tuple():
            return [exact(v) for v in value]
        case float():
            return "nan" if math.isnan(value) else repr(value)
        case _:
            return type(value), value
