"""A forest as large as you like: python -m benchmarks.make_forest 100 > forest.pfa (megabytes)

Trees of TreeNode records in a cell, random splits of ten numbers, depth 10: what random forests look like
in PFA.
"""

import json
import random
import sys

FIELDS = [f"x{i}" for i in range(10)]
DEPTH = 10


def node(rng, depth):
    return {
        "field": rng.choice(FIELDS),
        "operator": "<",
        "value": rng.gauss(0, 1),
        "pass": branch(rng, depth - 1),
        "fail": branch(rng, depth - 1),
    }


def branch(rng, depth):
    return {"TreeNode": node(rng, depth)} if depth else {"double": rng.random()}


def forest(size, seed=7):
    """The document as text of about `size` bytes."""
    rng = random.Random(seed)
    trees = [json.dumps(node(rng, DEPTH))]
    while sum(map(len, trees[:1])) * len(trees) < size:
        trees.append(json.dumps(node(rng, DEPTH)))
    tree_node = {
        "type": "record",
        "name": "TreeNode",
        "fields": [
            {"name": "field", "type": {"type": "enum", "name": "Field", "symbols": FIELDS}},
            {"name": "operator", "type": "string"},
            {"name": "value", "type": "double"},
            {"name": "pass", "type": ["double", "TreeNode"]},
            {"name": "fail", "type": ["double", "TreeNode"]},
        ],
    }
    fields = [{"name": name, "type": "double"} for name in FIELDS]
    walk = {
        "params": [{"tree": "TreeNode"}],
        "ret": "double",
        "do": {"model.tree.simpleTree": ["input", "tree"]},
    }
    document = {
        "input": {"type": "record", "name": "Datum", "fields": fields},
        "output": "double",
        "cells": {"forest": {"type": {"type": "array", "items": tree_node}, "init": []}},
        "action": {"a.mean": [{"a.map": [{"cell": "forest"}, walk]}]},
    }
    return json.dumps(document).replace('"init": []', f'"init": [{", ".join(trees)}]')


if __name__ == "__main__":
    sys.stdout.write(forest(int(float(sys.argv[1]) * 1_000_000)))
