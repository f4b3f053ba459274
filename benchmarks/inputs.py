"""Data for the documents of ../shared/benchmarks, as its README says: Python values, and columns of Arrow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

SEGMENTS = ("retail", "pro", "other")
CUSTOMER = pa.struct([("age", pa.int32()), ("segment", pa.dictionary(pa.int32(), pa.string()))])
LINE = pa.struct([("price", pa.float64()), ("quantity", pa.int32())])


def texts(count: int) -> list[str]:
    """Such as ` Code7_code-150 _CODE3_none`: words of which four of five are codes."""
    rng = np.random.default_rng(7)
    return [f" Code{a}_code-{b} _CODE{c}_none" for a, b, c in rng.integers(0, 250, (count, 3)).tolist()]


def order(rng: Any) -> dict[str, Any]:
    """An order with 0 to 10 lines and 0 to 5 tags; a third have no age."""
    lines = [
        {"price": float(rng.random() * 100), "quantity": int(rng.integers(1, 9))} for _ in range(rng.integers(0, 11))
    ]
    age = None if rng.random() < 1 / 3 else int(rng.integers(18, 90))
    tags = {f"tag{i}": float(rng.random()) for i in range(rng.integers(0, 6))}
    return {"customer": {"age": age, "segment": SEGMENTS[rng.integers(3)]}, "lines": lines, "tags": tags}


def orders(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    return [order(rng) for _ in range(count)]


def tagged(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same as Avro's JSON form, which titus2 wants."""
    return [{**o, "customer": {**o["customer"], "age": _tagged(o["customer"]["age"])}} for o in orders]


def _tagged(age: int | None) -> dict[str, int] | None:
    return None if age is None else {"int": age}


def order_table(orders: list[dict[str, Any]]) -> pa.Table:
    customers = pa.StructArray.from_arrays(
        [
            pa.array([o["customer"]["age"] for o in orders], pa.int32()),
            pa.array([o["customer"]["segment"] for o in orders]).dictionary_encode(),
        ],
        fields=list(CUSTOMER),
    )
    return pa.table({
        "customer": customers, "lines": pa.array([o["lines"] for o in orders], pa.list_(LINE)),
        "tags": pa.array([list(o["tags"].items()) for o in orders], pa.map_(pa.string(), pa.float64())),
    })  # fmt: skip


def vectors(count: int) -> Any:
    """Ten numbers in 0 to 1 a row."""
    return np.random.default_rng(7).random((count, 10))


def normal(count: int) -> Any:
    return np.random.default_rng(7).standard_normal(count)


def features(count: int) -> dict[str, Any]:
    rng = np.random.default_rng(7)
    return {f"x{i}": rng.standard_normal(count) for i in range(30)}
