"""Train boosted trees on scikit-learn's breast cancer data and write them as PFA, with rows to score.

    pip install 'pfa-engine[examples]' && python docs/examples/make_forest.py

writes, beside this file: breast_cancer.pfa (the model), breast_cancer.csv (the half of the rows that was
kept apart, with the true diagnosis as a column that the model does not look at) and
breast_cancer_expected.csv (what scikit-learn predicts for them; the tests compare).
"""

import csv
import json
from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent


def tree_of(fitted, fields, rate):
    """A fitted tree as nested TreeNode records: `x <= threshold` goes left, which is `pass` in PFA."""

    def node(i):
        return {
            "field": fields[fitted.feature[i]],
            "operator": "<=",
            "value": float(fitted.threshold[i]),
            "pass": branch(fitted.children_left[i]),
            "fail": branch(fitted.children_right[i]),
        }

    def branch(i):
        is_leaf = fitted.children_left[i] == -1
        return {"double": rate * float(fitted.value[i, 0, 0])} if is_leaf else {"TreeNode": node(i)}

    return node(0)


def document(trees, start, fields):
    """The whole engine: the sum of the trees' leaves, made a probability, and the likelier diagnosis."""
    tree_node = {
        "type": "record",
        "name": "TreeNode",
        "fields": [
            {"name": "field", "type": {"type": "enum", "name": "Fields", "symbols": fields}},
            {"name": "operator", "type": "string"},
            {"name": "value", "type": "double"},
            {"name": "pass", "type": ["double", "TreeNode"]},
            {"name": "fail", "type": ["double", "TreeNode"]},
        ],
    }
    # scikit-learn compares features in single precision: so do fields of type float.
    measured = [{"name": name, "type": "float"} for name in fields]
    scored = [{"name": "diagnosis", "type": "string"}, {"name": "benign", "type": "double"}]
    score_tree = {
        "params": [{"tree": "TreeNode"}],
        "ret": "double",
        "do": {"model.tree.simpleTree": ["input", "tree"]},
    }
    return {
        "name": "BreastCancer",
        "doc": "Boosted trees on the Wisconsin breast cancer data; made by docs/examples/make_forest.py",
        "input": {"type": "record", "name": "Measured", "fields": measured},
        "output": {"type": "record", "name": "Scored", "fields": scored},
        "cells": {
            "start": {"type": "double", "init": start},
            "trees": {"type": {"type": "array", "items": tree_node}, "init": trees},
        },
        "action": [
            {"let": {"leaves": {"a.map": [{"cell": "trees"}, score_tree]}}},
            {"let": {"benign": {"m.link.logit": [{"+": [{"cell": "start"}, {"a.sum": ["leaves"]}]}]}}},
            {
                "new": {
                    "diagnosis": {
                        "if": {">": ["benign", 0.5]},
                        "then": {"string": "benign"},
                        "else": {"string": "malignant"},
                    },
                    "benign": "benign",
                },
                "type": "Scored",
            },
        ],
    }


def write_csv(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def main():
    data = load_breast_cancer()
    fields = [name.replace(" ", "_") for name in data.feature_names]
    x, kept, y, truth = train_test_split(data.data, data.target, test_size=0.5, random_state=7)
    model = GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=7).fit(x, y)

    trees = [tree_of(t.tree_, fields, model.learning_rate) for t in model.estimators_[:, 0]]
    start = float(model.decision_function(kept[:1])[0] - sum_of_leaves(model, kept[:1]))
    text = json.dumps(document(trees, start, fields), separators=(",", ":"))
    (HERE / "breast_cancer.pfa").write_text(text + "\n", "utf-8")

    names = data.target_names
    write_csv(
        HERE / "breast_cancer.csv",
        [*fields, "true_diagnosis"],
        [[*map(float, row), names[t]] for row, t in zip(kept, truth, strict=True)],
    )
    predicted = zip(model.predict(kept), model.predict_proba(kept)[:, 1], strict=True)
    write_csv(
        HERE / "breast_cancer_expected.csv",
        ["diagnosis", "benign"],
        [[names[label], float(p)] for label, p in predicted],
    )
    print(f"{len(trees)} trees, {len(kept)} rows, accuracy {model.score(kept, truth):.3f}")


def sum_of_leaves(model, rows):
    return sum(model.learning_rate * t.predict(rows)[0] for t in model.estimators_[:, 0])


if __name__ == "__main__":
    main()
