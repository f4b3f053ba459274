"""Mutants of documents: nothing but a PfaError comes of them, and pfa.check and pfa.loads agree about them.

`python -m tests.fuzz_mutants --count 100000` is the long run; here are the first of its seeds.
"""

from __future__ import annotations

import copy
from collections import Counter
from random import Random

import pytest

from tests.generate.corpus import small
from tests.generate.mutants import CHANGES, Mutator, text_mutant
from tests.generate.siege import Siege

CHUNK = 100
STRUCTURE = range(0, 2000, CHUNK)
TEXT = range(0, 600, CHUNK)
RUNNING = 0.3  # the share of mutants of the structure that still load and run


@pytest.fixture(scope="module")
def originals():
    return small()


def besieged(seeds, originals, text):
    """Faults by seed, and what all of them came to."""
    faults: dict[int, list[str]] = {}
    counts: Counter[str] = Counter()
    for seed in seeds:
        siege = Siege(Random(seed))
        (siege.text if text else siege.structure)(originals)
        counts += siege.counts
        if siege.faults:
            faults[seed] = siege.faults
    return faults, counts


@pytest.mark.parametrize("start", STRUCTURE)
def test_mutants_of_the_structure(start, originals):
    faults, counts = besieged(range(start, start + CHUNK), originals, False)
    assert faults == {}
    assert counts["ran"] >= 0.2 * CHUNK  # of all of them it is RUNNING, see below


@pytest.mark.parametrize("start", TEXT)
def test_mutants_of_the_text(start, originals):
    faults, _ = besieged(range(start, start + CHUNK), originals, True)
    assert faults == {}


def test_many_mutants_run(originals):
    _, counts = besieged(range(0, 2000, 4), originals, False)
    assert counts["ran"] >= RUNNING * 500


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_each_change_changes_something(number, originals):
    """A change that never applies would be a hole in the siege."""
    _, change = CHANGES[number]
    r = Random(number)
    changed = 0
    for _ in range(60):
        original, donor = r.choice(originals), r.choice(originals)
        m = Mutator(r, copy.deepcopy(original.document), donor.document)
        changed += change(m) and repr(m.document) != repr(original.document)
    assert changed >= 5


def test_mutants_of_the_text_are_many(originals):
    r = Random(1)
    made = {text_mutant(r, originals[0].document) for _ in range(50)}
    assert len(made) > 40
