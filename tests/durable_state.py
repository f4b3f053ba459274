"""What the tests of shared state in a database have in common: fixtures, and processes that use it."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping

import pytest

from pfa.memory.shared import SharedState
from pfa.types import INT
from tests.support import ROOT

SOON = 10.0  # seconds after which a test that hangs gives up
PREPARE = """
import os, sys, threading, time
from pfa.memory.shared import SharedState
from pfa.types import INT
state = SharedState(sys.argv[1])
cell = state.cell("n", INT, lambda: 0)
pool = state.pool("p", INT, dict)
def say(word):
    os.write(1, f"{word}\\n".encode())
def stay(old):
    say("inside")
    os.read(0, 1)
    return old + 1
"""
ADD = {"params": [{"old": "int"}], "ret": "int", "do": {"+": ["old", "input"]}}
COUNTING = {
    "input": "int",
    "output": "int",
    "cells": {"n": {"type": "int", "init": 0, "shared": True}},
    "pools": {"p": {"type": "int", "shared": True, "init": {"x": 5}}},
    "action": [
        {"if": {"<": ["input", 0]}, "then": {"error": "negative"}},
        {"pool": "p", "path": [["x"]], "to": ADD, "init": 0},
        {"cell": "n", "to": ADD},
        {"cell": "n"},
    ],
    "options": {"timeout": 200},
}


@pytest.fixture(name="path")
def path_fixture(tmp_path):
    return tmp_path / "shared.db"


@pytest.fixture(name="state")
def state_fixture(path):
    with SharedState(path) as made:
        yield made


@pytest.fixture(name="cell")
def cell_fixture(state):
    return state.cell("n", INT, lambda: 0)


@pytest.fixture(name="pool")
def pool_fixture(state):
    return state.pool("p", INT, dict)


@contextlib.contextmanager
def child(path, code):
    """A process that runs `code`; it is killed at the end."""
    command = [sys.executable, "-c", PREPARE + code, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process):
    return process.stdout.readline().strip()


def go_on(process):
    process.stdin.write("\n")
    process.stdin.flush()


def plus_one(old):
    return old + 1


def until_soon():
    return time.monotonic() + SOON


class Many(Mapping):
    """A map that is never in memory."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __iter__(self):
        return (f"k{i}" for i in range(self.count))

    def __getitem__(self, key):
        return key * 20


def sqlite_file(path, *statements):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
