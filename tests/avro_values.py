"""Schemas and values of every Avro type, for round trips; values of unions are tagged.

`wrapped` makes each branch of a union a record of one field, which is the same bytes: so fastavro, which tells only
records apart, says and is told which branch a value is.
"""

from hypothesis import strategies as st

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "string", "bytes")
_VALUES = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(1 << 31), (1 << 31) - 1),
    "long": st.integers(-(1 << 63), (1 << 63) - 1),
    "float": st.floats(width=32),
    "double": st.floats(),
    "string": st.text(max_size=150),
    "bytes": st.binary(max_size=150),
}
_NESTING = 3


@st.composite
def schemas_and_values(draw, most=4, ambiguous=True):
    """(schema, values in tagged form)."""
    names = []
    schema = _schema(draw, _NESTING, names, (), ambiguous)
    known = {}
    collect(schema, known)
    return schema, [_value(draw, schema, known, 6) for _ in range(draw(st.integers(0, most)))]


def collect(schema, known):
    """The named types of a schema by name."""
    for s in schema if isinstance(schema, list) else [schema]:
        if isinstance(s, dict):
            if "name" in s:
                known[s["name"]] = s
            for inside in (s.get("items"), s.get("values"), *(f["type"] for f in s.get("fields", ()))):
                if inside is not None:
                    collect(inside, known)


def _schema(draw, depth, names, enclosing, ambiguous, in_union=False):
    kinds = [*PRIMITIVES, "enum", "fixed"]
    if depth:
        kinds += ["array", "map", "record", "record"] + ([] if in_union else ["union", "union"])
    kind = draw(st.sampled_from(kinds))
    below = (draw, depth - 1, names)
    match kind:
        case "array":
            return {"type": "array", "items": _schema(*below, enclosing, ambiguous)}
        case "map":
            return {"type": "map", "values": _schema(*below, enclosing, ambiguous)}
        case "union":
            return _union(draw, depth, names, enclosing, ambiguous)
        case "enum":
            return {"type": "enum", "name": _name(draw, names), "symbols": draw(st.sampled_from([["A"], ["B", "A"]]))}
        case "fixed":
            return {"type": "fixed", "name": _name(draw, names), "size": draw(st.integers(0, 5))}
        case "record":
            return _record(draw, depth, names, enclosing, ambiguous)
        case _:
            return kind


def _record(draw, depth, names, enclosing, ambiguous):
    name = _name(draw, names)
    inside = (*enclosing, name)
    types = [_schema(draw, depth - 1, names, inside, ambiguous) for _ in range(draw(st.integers(0, 4)))]
    again = draw(st.sampled_from(inside))  # recursive
    types += draw(st.sampled_from([[], [["null", again]], [{"type": "array", "items": again}]]))
    return {"type": "record", "name": name, "fields": [{"name": f"f{i}", "type": t} for i, t in enumerate(types)]}


def _name(draw, names):
    names.append(f"{draw(st.sampled_from(['x', 'a.b']))}.N{len(names)}")
    return names[-1]


def _union(draw, depth, names, enclosing, ambiguous):
    branches = {}
    for _ in range(draw(st.integers(1, 4))):
        s = _schema(draw, depth - 1, names, enclosing, ambiguous, in_union=True)
        key = tag(s) if ambiguous else _HOST.get(tag(s), tag(s))
        if not ambiguous and isinstance(s, dict):
            key = _HOST[s["type"]]
        branches.setdefault(key, s)
    return list(branches.values())


# what fastavro's writer takes for one
_HOST = {
    "int": "number", "long": "number", "float": "number", "double": "number", "string": "str", "enum": "str",
    "bytes": "bytes", "fixed": "bytes", "map": "dict", "record": "dict", "array": "list", "null": "null",
    "boolean": "bool",
}  # fmt: skip


def tag(schema):
    """The name of a branch."""
    if isinstance(schema, str):
        return schema
    return schema.get("name", schema["type"])


def _value(draw, schema, known, depth):
    schema = known.get(schema, schema) if isinstance(schema, str) else schema
    if isinstance(schema, list):
        branch = schema[0] if depth < 1 else draw(st.sampled_from(schema))
        inner = _value(draw, branch, known, depth - 1)
        return None if branch == "null" else {tag(branch): inner}
    if isinstance(schema, str):
        return draw(_VALUES[schema])
    size = draw(st.integers(0, 3 if depth > 0 else 0))
    match schema["type"]:
        case "array":
            return [_value(draw, schema["items"], known, depth - 1) for _ in range(size)]
        case "map":
            return {draw(st.text(max_size=5)): _value(draw, schema["values"], known, depth - 1) for _ in range(size)}
        case "enum":
            return draw(st.sampled_from(schema["symbols"]))
        case "fixed":
            return draw(st.binary(min_size=schema["size"], max_size=schema["size"]))
        case _:
            return {f["name"]: _value(draw, f["type"], known, depth - 1) for f in schema["fields"]}


def changed(schema, value, known, union):
    """A value with `union(branch, inner)` for each tagged one."""
    schema = known.get(schema, schema) if isinstance(schema, str) else schema
    if isinstance(schema, list):
        if value is None:
            return union("null", None)
        [(name, inner)] = value.items()
        branch = next(b for b in schema if tag(b) == name)
        return union(branch, changed(branch, inner, known, union))
    if isinstance(schema, str):
        return value
    match schema["type"]:
        case "array":
            return [changed(schema["items"], x, known, union) for x in value]
        case "map":
            return {k: changed(schema["values"], x, known, union) for k, x in value.items()}
        case "record":
            return {f["name"]: changed(f["type"], value[f["name"]], known, union) for f in schema["fields"]}
        case _:
            return value


def plain(schema, value):
    """A tagged value without its tags, as fastavro gives it."""
    known = {}
    collect(schema, known)
    return changed(schema, value, known, lambda branch, inner: inner)


def wrapped(schema):
    """A schema of the same bytes in which each branch of a union is a record."""
    count = 0

    def wrap(s):
        nonlocal count
        if isinstance(s, list):
            made = []
            for b in s:
                count += 1
                branch = {"type": "record", "name": f"W{count}", "namespace": "wrap", "of": tag(b)}
                made.append({**branch, "fields": [{"name": "v", "type": wrap(b)}]})
            return made
        if isinstance(s, str):
            return s
        out = dict(s)
        for key in {"items", "values"} & s.keys():
            out[key] = wrap(s[key])
        if "fields" in s:
            out["fields"] = [{**f, "type": wrap(f["type"])} for f in s["fields"]]
        return out

    return wrap(schema)


def wrapped_value(schema, value):
    """A tagged value of `schema` as fastavro writes one of `wrapped(schema)`."""
    known = {}
    made = wrapped(schema)
    collect(made, known)

    def walk(s, v):
        s = known.get(s, s) if isinstance(s, str) else s
        if isinstance(s, list):
            name, inner = ("null", None) if v is None else next(iter(v.items()))
            branch = next(b for b in s if b["of"] == name)
            return f"wrap.{branch['name']}", {"v": walk(branch["fields"][0]["type"], inner)}
        if isinstance(s, str):
            return v
        match s["type"]:
            case "array":
                return [walk(s["items"], x) for x in v]
            case "map":
                return {k: walk(s["values"], x) for k, x in v.items()}
            case "record":
                return {f["name"]: walk(f["type"], v[f["name"]]) for f in s["fields"]}
            case _:
                return v

    return walk(made, value)
