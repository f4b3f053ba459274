"""Call sites of library functions, to test bodies without a document."""

from functools import partial

import pytest

from pfa.errors import PfaLimitError, PfaRuntimeError
from pfa.lib.define import Site
from pfa.lib.table import lookup
from pfa.memory.random import Generator
from pfa.types import Field, Record


class Budget:
    """A `charge` that runs out, as an engine's does."""

    def __init__(self, left=10**9):
        self.left = left

    def __call__(self, n):
        assert n >= 0
        self.left -= n
        if self.left < 0:
            raise PfaLimitError("out of steps")


class Call:
    """A call site of a function."""

    def __init__(self, name, *types, budget=10**9):
        fn = lookup(name)
        bound = fn.bind(types)
        assert bound is not None, f"{name} does not take {types}"
        self.site = Site(name, bound.params, bound.ret)
        extra = {"site": self.site, "charge": Budget(budget), "rng": Generator(1)}
        self.body = partial(fn.impl, **{need: extra[need] for need in fn.needs})

    def __call__(self, *args):
        return self.body(*args)

    def error(self, *args):
        with pytest.raises(PfaRuntimeError) as caught:
            self.body(*args)
        return caught.value.code


def record(name, **fields):
    return Record(name, tuple(Field(k, t) for k, t in fields.items()))
