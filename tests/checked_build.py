"""Compiled code that checks every address: a build for tests.

Each load, store, move, fill and comparison of data asks first whether its bytes lie in memory that somebody has been
given: a part of the arena or of the state that `alloc` or `keep_room` made, a constant, words of the state, an array of
the caller's.  A shadow of each region has a byte for each of its words, the number of bytes in it that may be used;
after everything that is given out a word is left that nobody may use, so that one item too far is found.  A bad access
goes to a harmless place, and is noted with the kernel that did it.

Not checked: fields of the context, whose offsets are constants, and Python's own objects, which `take` reads.
"""

import ctypes
import mmap
import re
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from unittest.mock import patch

from pfa.engine.kernel_outputs import Part
from pfa.engine.kernel_scoring import KernelBackend
from pfa.errors import PfaLimitError
from pfa.targets.kernel import compile as kernel_compile
from pfa.targets.kernel import front, host, kernels, layout, link, writer
from pfa.targets.kernel import region as regions

RANGES, FOREIGN = 4096, 4096  # entries of the table
HEAD = 64  # bytes of it before the ranges
SCRATCH = 1 << 30  # bytes that a bad access may go to
EXEMPT = re.compile(r"(take\d+|act|moved|note_move|check_\w+|complain|mark|allow)\Z")
TEXT = """
TABLE = {table}
RANGES = {ranges}
FOREIGN = {foreign}


@cold
def complain(a: i64, n: i64, who: i64) -> None:
    if ld(TABLE + 8) == 0:
        st(TABLE + 16, a)
        st(TABLE + 24, n)
        st(TABLE + 32, who)
    st(TABLE + 8, ld(TABLE + 8) + 1)


@cold
def check_count(n: i64, who: i64) -> i64:
    if n >= 0 and n <= {scratch}:
        return n
    complain(0, n, who)
    return 0


@cold
def check_address(a: i64, n: i64, who: i64) -> i64:
    if n == 0:
        return a
    e = TABLE + {head}
    end = e + ld(TABLE) * 24
    while e < end:
        if a >= ld(e) and a + n <= ld(e + 8):
            shadow = ld(e + 16)
            if shadow == 0:
                return a
            start = ld(e)
            at = a
            while at < a + n:
                last = min((at | 7) + 1, a + n)
                if last - (at & -8) > ld8(shadow + ((at - start) >> 3)):
                    break
                at = last
            if at >= a + n:
                return a
            break
        e += 24
    e = RANGES
    end = e + min(ld(TABLE + 48), FOREIGN) * 16
    while e < end:
        if a >= ld(e) and a + n <= ld(e + 8):
            return a
        e += 16
    complain(a, n, who)
    return ld(TABLE + 40)


@cold
def mark(at: i64, count: i64) -> None:
    e = TABLE + {head}
    end = e + ld(TABLE) * 24
    while e < end:
        if at >= ld(e) and at < ld(e + 8):
            shadow = ld(e + 16) + ((at - ld(e)) >> 3)
            words = count >> 3
            fill(shadow, 8, words)
            fill(shadow + words, 0, 64)
            st8(shadow + words, count & 7)
            return
        e += 24
    complain(at, count, -1)


@cold
def allow(at: i64, count: i64) -> None:
    i = ld(TABLE + 48)
    st(TABLE + 48, i + 1)
    st(RANGES + i % FOREIGN * 16, at)
    st(RANGES + i % FOREIGN * 16 + 8, at + count)


def alloc(ctx: i64, count: i64) -> i64:
    at = get(ctx, TOP)
    n = check_count(count, -2)
    after = at + ((n + 15) & -8)
    if after > get(ctx, END):
        fail(ctx, FULL)
    put(ctx, TOP, after)
    mark(at, n)
    return at


def keep_room(ctx: i64, count: i64) -> i64:
    at = get(ctx, PTOP)
    n = check_count(count, -3)
    after = at + ((n + 15) & -8)
    if after > get(ctx, PEND):
        fail(ctx, FULL)
    put(ctx, PTOP, after)
    mark(at, n)
    return at


def foreign_array(ctx: i64, data: i64, length: i64) -> i64:
    allow(data, length * 8)
    a = view(ctx, data, length)
    st(a + 24, 1)
    return a


def foreign_bytes(ctx: i64, data: i64, count: i64) -> i64:
    allow(data, count)
    s = string_of(ctx, data, count, count)
    st(s + 24, 1)
    return s
"""


@dataclass(frozen=True)
class Bad:
    """The first access that was wrong, and how many were."""

    kernel: str
    address: int
    size: int
    count: int


class Checker:
    """The table of what may be used, and what was found."""

    def __init__(self):
        self.table = regions.Region(HEAD + 24 * RANGES + 16 * FOREIGN)
        self.scratch = regions.Region(SCRATCH)
        self.words = (ctypes.c_int64 * (8 + 3 * RANGES)).from_address(self.table.start)
        self.words[5] = self.scratch.start
        self.ranges = []
        text = TEXT.format(
            table=self.table.start, ranges=self.table.start + HEAD + 24 * RANGES, foreign=FOREIGN, scratch=SCRATCH,
            head=HEAD,
        )  # fmt: skip
        self.checks = writer.Checks(text, lambda name: EXEMPT.match(name) is not None)

    def add(self, start, end, shadow=0):
        """Memory that may be used; with a shadow, what of it was given out."""
        entry = (start, end, shadow)
        self.ranges.insert(0, entry)
        assert len(self.ranges) <= RANGES
        self.write()
        return entry

    def remove(self, entry):
        self.ranges.remove(entry)
        self.write()

    def write(self):
        self.words[0] = len(self.ranges)
        for i, entry in enumerate(self.ranges):
            self.words[8 + 3 * i : 11 + 3 * i] = entry

    def mark(self, at, count):
        """What the host gives out."""
        for start, end, shadow in self.ranges:
            if start <= at < end and shadow:
                first = shadow + ((at - start) >> 3)
                ctypes.memset(first, 8, count >> 3)
                ctypes.memset(first + (count >> 3), 0, 64)
                ctypes.memset(first + (count >> 3), count & 7, 1)
                return
        raise AssertionError("the host writes where there is no region")

    def found(self):
        """What was wrong since the last time, or None."""
        count, address, size, kernel = self.words[1:5]
        self.words[1] = 0
        names = {-1: "mark", -2: "alloc", -3: "keep_room"}
        return Bad(names.get(kernel) or self.checks.names[kernel], address, size, count) if count else None

    def region(self, made, size):
        """A region that is made: its shadow, or that all of it may be used."""
        if size < regions.SMALLEST:
            spare = mmap.PAGESIZE if size > mmap.PAGESIZE else 0
            entry = self.add(made.start, made.start + size - spare)
            shadow = None
        else:
            shadow = mmap.mmap(-1, size // 8 + mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            at = ctypes.addressof(ctypes.c_char.from_buffer(shadow))
            entry = self.add(made.start, made.end, at)
        weakref.finalize(made, lambda: (self.remove(entry), shadow))


@contextmanager
def checked_build(plants=()):
    """Engines of the numba backend that are loaded inside check their addresses.

    `plants` are faults to be put into kernels: file, text, text in its place.
    """
    checker = Checker()
    new_region, batch, run, tell = regions.Region.__init__, host.KernelCode.batch, KernelBackend._run, Part._tell
    told = {}

    def region(self, size):
        new_region(self, size)
        checker.region(self, size)

    def take(self, count):
        at = self.top
        self.top = at + (count + 15 & -8)
        if self.top > self.end:
            raise PfaLimitError("exceeded the memory of the arena (Limits.memory)")
        checker.mark(at, count)
        return at

    def assembled(limits, text, entries):
        return link.loaded(link.compiled(front.assemble(text, entries, checker.checks), 0))

    def checked_batch(self, plan):
        call = batch(self, plan)
        size = 8 * plan.words

        def checked(base, words):
            entry = checker.add(words, words + size)
            try:
                return call(base, words)
            finally:
                checker.remove(entry)

        return checked

    def checked_tell(part, buffer):
        """Arrays of outputs are others when they have grown."""
        array, key = part.arrays[buffer.place], (id(part), buffer.place)
        if key in told:
            checker.remove(told.pop(key))
        told[key] = checker.add(array.ctypes.data, array.ctypes.data + array.nbytes)
        tell(part, buffer)

    def checked_run(self, instance, job, part):
        entries = [checker.add(a.ctypes.data, a.ctypes.data + a.nbytes) for a in [*job.bound.kept, job.skip]]
        try:
            run(self, instance, job, part)
        finally:
            entries += [told.pop(key) for key in list(told) if key[0] == id(part)]
            for entry in entries:
                checker.remove(entry)

    library = planted(plants) if plants else kernels.library
    with (
        patch.object(regions.Region, "__init__", region), patch.object(layout.Memory, "take", take),
        patch.object(kernel_compile, "assembled", assembled), patch.object(host.KernelCode, "batch", checked_batch),
        patch.object(KernelBackend, "_run", checked_run), patch.object(Part, "_tell", checked_tell),
        patch.object(kernels, "library", library),
    ):  # fmt: skip
        yield checker


def planted(plants):
    """The library's kernels with faults in them."""

    @cache
    def library():
        found = {}
        texts = dict(sources())
        for file, old, new in plants:
            assert texts[file].count(old) == 1, f"{file} has not once {old!r}"
            texts[file] = texts[file].replace(old, new)
        for text in texts.values():
            found |= kernels.parse(text)
        return found

    return library


@cache
def sources():
    """The texts of the library's kernels."""
    files = sorted(resources.files("pfa.targets.kernel.lib").iterdir(), key=lambda f: f.name)
    return {f.name: f.read_text("utf-8") for f in files if f.name.endswith(".py")}
