"""Actions: the documents of ../shared/benchmarks, ours and the peer's in one run."""

import json

import numpy as np
import pytest

from benchmarks.subjects import timed


def numbers(count):
    return np.random.default_rng(7).standard_normal(count).tolist()


def rows(count):
    return np.random.default_rng(7).standard_normal((count, 30)).tolist()


def texts(count):
    rng = np.random.default_rng(7)
    words = [[f"Code{a}_", f"code-{b}", "_CODE3", "none"] for a, b in rng.integers(0, 200, (count, 2))]
    return [" " + " ".join(w) + " " for w in words]


def orders(count):
    """Orders with 0 to 10 lines and 0 to 5 tags, a third without age."""
    rng = np.random.default_rng(7)
    return [order(rng) for _ in range(count)]


def order(rng):
    lines = [
        {"sku": f"s{rng.integers(100)}", "qty": int(rng.integers(1, 9)), "price": float(rng.random() * 100)}
        for _ in range(rng.integers(0, 11))
    ]
    age = None if rng.random() < 1 / 3 else {"int": int(rng.integers(18, 90))}
    return {"age": age, "lines": lines, "tags": [f"t{rng.integers(9)}" for _ in range(rng.integers(0, 6))]}


CASES = {
    "add": (numbers, 100_000),
    "running_mean": (numbers, 50_000),
    "loop": (lambda count: [1000] * count, 20),
    "linear_array": (rows, 5_000),
    "linear_columns": (lambda count: [{f"x{i}": x for i, x in enumerate(row)} for row in rows(count)], 5_000),
    "clean_text": (texts, 1_000),
    "custom": (lambda count: np.abs(np.random.default_rng(7).random((count, 10))).tolist(), 2_000),
}


@pytest.mark.parametrize("name", CASES)
def test_actions(name, subject, shared, benchmark):
    make, count = CASES[name]
    document = json.loads((shared / f"benchmarks/{name}.pfa").read_text("utf-8"))
    subject.do("give", data=make(count))
    engine = subject.do("load", document=document)["engine"]
    benchmark.group = name
    benchmark.extra_info["actions"] = count
    timed(benchmark, subject, 5, "run", engine=engine)
