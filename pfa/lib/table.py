"""Where each namespace of the library stands, and `lookup`, which imports a namespace when it is first named.

`import pfa` stays fast this way: a document that adds two numbers does not load the distributions.
"""

from __future__ import annotations

from importlib import import_module

from pfa.lib.define import LIBRARY, Fn

MODULES = {
    "": "core",
    "m": "math",
    "m.special": "special",
    "m.link": "link",
    "m.kernel": "kernel",
    "la": "la",
    "metric": "metric",
    "rand": "rand",
    "s": "string",
    "re": "regex",
    "parse": "parse",
    "cast": "cast",
    "a": "array",
    "map": "map",
    "bytes": "bytes",
    "fixed": "fixed",
    "enum": "enum",
    "time": "time",
    "impute": "impute",
    "interp": "interp",
    "prob.dist": "prob",
    "stat.test": "stat.test",
    "stat.sample": "stat.sample",
    "stat.change": "stat.change",
    "model.reg": "model.reg",
    "model.tree": "model.tree",
    "model.cluster": "model.cluster",
    "model.neighbor": "model.neighbor",
    "model.naive": "model.naive",
    "model.neural": "model.neural",
    "model.svm": "model.svm",
}


def lookup(name: str) -> Fn | None:
    """The library function of this name, or None."""
    if found := LIBRARY.get(name):
        return found
    module = MODULES.get(name.rpartition(".")[0])
    if module is None:
        return None
    import_module(f"pfa.lib.{module}")
    return LIBRARY.get(name)


def everything() -> dict[str, Fn]:
    """The whole library, by name, in the order of the namespaces above."""
    for module in MODULES.values():
        import_module(f"pfa.lib.{module}")
    order = list(MODULES)
    return dict(sorted(LIBRARY.items(), key=lambda item: order.index(item[0].rpartition(".")[0])))
