"""Engines and tables for tests of `engine.score`, and what is in a column."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import pfa

COLOR = {"type": "enum", "name": "Color", "symbols": ["red", "green", "blue"]}


def record(name="In", /, **fields):
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields.items()]}


def engine(given, output, action, **more):
    return pfa.loads({"input": given, "output": output, "action": action, **more})


def identity(given):
    return engine(given, given["name"] if isinstance(given, dict) and "name" in given else given, "input")


def adder():
    return engine(record(x="double", n="int"), "double", {"+": ["input.x", "input.n"]})


def swapped():
    """Gives records with the sum and the text, which may be missing."""
    made = {"new": {"sum": {"+": ["input.x", 1]}, "text": "input.s"}, "type": record("Out", sum="double", text=MAYBE)}
    return engine(record(x="double", s=["null", "string"]), record("Out", sum="double", text=MAYBE), made)


MAYBE = ["null", "string"]
COLUMNS = {"n": np.array([1, 2], "i4"), "extra": np.array(["a", "b"]), "x": np.array([0.5, 1.5])}
STRUCTURED = np.array([(1, 0.5), (2, 1.5)], [("n", "i4"), ("x", "f8")])


def plain(out):
    """A column's values as Python's."""
    if isinstance(out, pd.Series):
        return [None if v is pd.NA or (v is np.nan and out.dtype != "float64") else v for v in out.tolist()]
    return next(getattr(out, name) for name in ("to_pylist", "to_list", "tolist", "copy") if hasattr(out, name))()


FRAMES = [dict, pd.DataFrame, pl.DataFrame, pa.table]
