"""The kernel language: a typed subset of Python over 64-bit values, compiled to LLVM by `pfa.targets.kernel.front`.

Kernels of the library are written in it (`pfa/targets/kernel/lib`), and the emitter prints it.  It has nothing that a
GPU thread cannot do: no objects, no exceptions, no reference counts.  Three types: `i64` (an integer, an enum, the
address of a flat value), `f64` and `bool`.  Statements: assignment, `if`, `while`, `for` over `range`, `break`,
`continue`, `return`, `try`/`except`, calls.  A local has one type.  Arithmetic on i64 wraps; `//` and `%` round
down as Python's; `/` is IEEE.

A function whose first parameter is `ctx` may fail: `fail(ctx, code)` stores the code and leaves; after each call of
such a function the caller leaves too, unless a `try` is around it.  A call may end in `site=N`: where it fails, N is
noted as the place.

What stands here is for type checkers and readers: these functions are compiled, never run.
"""

from __future__ import annotations

from typing import TypeVar

i64 = int
f64 = float

# Fields of the context: byte offsets from `ctx`.
TOP = 0  # the arena: next free byte
END = 8
STATUS = 16  # 0, the code of an error of the library, or one of those below
SITE = 24  # the place of the failure: an index of the program's table of sites
BUDGET = 32  # steps that are left until the clock is looked at
CONSTS = 40  # address of the constants
STATE = 48  # address of the slots of cells, pools and the tally
PTOP = 56  # the persistent region, where state lives
PEND = 64
DEPTH = 72  # of recursion
ESCAPE = 80  # the host's function that runs a body in Python
LOOK = 88  # the host's function that looks at the clock and gives more budget
LATER = 96  # copies whose fields are not copied yet, since they lie too deep (`state`)
STARTED = 112
FINISHED = 120
EVENTS = 128  # what was emitted and logged: the last one, each points to the one before
RNG = 136  # the generator: its key; the number of the action, the phase << 56, words drawn
RNG_NUMBER = 144
RNG_PHASE = 152
RNG_DRAWN = 160
FROM = 168  # what is kept is copied out of here
UNTIL = 176
DEPTH0 = 184  # 0: what the depth of values is counted from
SEED = 192
FIRST = 200  # steps that an action begins with
FULLER = 208  # PTOP from which garbage is worth to be collected
RNG_BLOCK = 216  # the last four words of 32 bits that it has computed (two words)
INDEXES = 232  # hash tables of maps in the arena: the last one, {map, the one before}
DIRTY = 240  # words of the state that point into the arena: the last one's note (`pending`)
FITS = 248  # of models, that are kept: the last one (`kriging`)
FLAG = 256  # 0 where an action of one datum has nothing more for the host to do
ARENA = 264  # where the arena begins
PYTHON = 272  # address of what `take` needs of the interpreter
KEYS = 280  # addresses of the names of fields, as objects
SHADOW = 288  # while garbage is collected: from a value to the word that says where it is now; else 0
STACK = 296  # below this address the thread's stack may not grow
ROOM = 304  # bytes of the stack that a call from the host may use
CTX_BYTES = 320  # (its last word is the host's)
ENDLESS = 1 << 62  # steps, where nobody\'s budget pays

# Values of STATUS that are no code of the library's.
USER = 1  # the `error` form: SITE tells which
FULL = 2  # the arena is full
HOST = 3  # the host's function failed and has kept its exception
DEEP = 4  # recursion
STACKED = 5  # the thread's stack is used up
UNTAKEN = 6  # the datum is for the host to decode
PLAIN_ERROR = 6  # statuses below this and over 1 are limits, which `try` does not catch


F = TypeVar("F")


def inline(function: F) -> F:
    """A kernel that is always put in place of its call."""
    return function


def each(function: F) -> F:
    """`NAME__double`, which makes `NAME__adouble` and `NAME__mdouble` of the items of an array and a map's values."""
    return function


def cold(function: F) -> F:
    """A kernel that is rarely called, and never put in place."""
    return function


def _stub(*args: object) -> int:
    raise NotImplementedError("kernel code is compiled, not run")


def ld(address: i64) -> i64:
    """The 64-bit integer at an address."""
    return _stub(address)


def ldf(address: i64) -> f64:
    """The double at an address."""
    return _stub(address)


def ld8(address: i64) -> i64:
    """The byte at an address."""
    return _stub(address)


def ld32(address: i64) -> i64:
    """The signed 32-bit integer at an address."""
    return _stub(address)


def ldu32(address: i64) -> i64:
    """The unsigned 32-bit integer at an address."""
    return _stub(address)


def ldf32(address: i64) -> f64:
    """The single at an address."""
    return _stub(address)


def st(address: i64, value: i64) -> None:
    """Store a 64-bit integer."""
    _stub(address, value)


def stf(address: i64, value: f64) -> None:
    """Store a double."""
    _stub(address, value)


def st8(address: i64, value: i64) -> None:
    """Store a byte."""
    _stub(address, value)


def st32(address: i64, value: i64) -> None:
    """Store the low 32 bits."""
    _stub(address, value)


def stf32(address: i64, value: f64) -> None:
    """Store a single."""
    _stub(address, value)


def get(ctx: i64, field: i64) -> i64:
    """A field of the context."""
    return _stub(ctx, field)


def put(ctx: i64, field: i64, value: i64) -> None:
    """Set a field of the context."""
    _stub(ctx, field, value)


def here() -> i64:
    """An address in the stack of this thread; 0 deep it begins at the highest."""
    return _stub()


def move(to: i64, source: i64, count: i64) -> None:
    """Copy bytes, which may overlap."""
    _stub(to, source, count)


def same_bytes(a: i64, b: i64, count: i64) -> bool:
    """Are so many bytes equal?"""
    return bool(_stub(a, b, count))


def fill(to: i64, byte: i64, count: i64) -> None:
    """Set bytes."""
    _stub(to, byte, count)


def bits(x: f64) -> i64:
    """A double's bits: how it lies in a slot."""
    return _stub(x)


def unbits(x: i64) -> f64:
    """The double of these bits."""
    return _stub(x)


def f32(x: f64) -> f64:
    """Rounded to single precision."""
    return _stub(x)


def trunc_i64(x: f64) -> i64:
    """A double without its fraction; it must fit."""
    return _stub(x)


def add_over(a: i64, b: i64) -> bool:
    """Does a + b leave 64 bits?"""
    return bool(_stub(a, b))


def sub_over(a: i64, b: i64) -> bool:
    """Does a - b leave 64 bits?"""
    return bool(_stub(a, b))


def mul_over(a: i64, b: i64) -> bool:
    """Does a * b leave 64 bits?"""
    return bool(_stub(a, b))


def mul_hi(a: i64, b: i64) -> i64:
    """The high 64 bits of the unsigned product."""
    return _stub(a, b)


def shr(a: i64, n: i64) -> i64:
    """Shift right, zeros in."""
    return _stub(a, n)


def ult(a: i64, b: i64) -> bool:
    """a < b as unsigned numbers."""
    return bool(_stub(a, b))


def udiv(a: i64, b: i64) -> i64:
    """a / b as unsigned numbers."""
    return _stub(a, b)


def urem(a: i64, b: i64) -> i64:
    """Remainder of a / b as unsigned numbers."""
    return _stub(a, b)


def ctz(a: i64) -> i64:
    """How many zeros end it."""
    return _stub(a)


def clz(a: i64) -> i64:
    """How many zeros begin it."""
    return _stub(a)


def popcount(a: i64) -> i64:
    """How many ones it has."""
    return _stub(a)


def fail(ctx: i64, code: i64) -> None:
    """Leave with this status."""
    _stub(ctx, code)


def rethrow(ctx: i64) -> None:
    """In `except`: leave with the status as it is."""
    _stub(ctx)


def call0(f: i64, ctx: i64, env: i64) -> i64:
    """Call a function of the document: slots in, a slot out."""
    return _stub(f, ctx, env)


def call1(f: i64, ctx: i64, env: i64, a: i64) -> i64:
    """Call a function of the document."""
    return _stub(f, ctx, env, a)


def call2(f: i64, ctx: i64, env: i64, a: i64, b: i64) -> i64:
    """Call a function of the document."""
    return _stub(f, ctx, env, a, b)


def call3(f: i64, ctx: i64, env: i64, a: i64, b: i64, c: i64) -> i64:
    """Call a function of the document."""
    return _stub(f, ctx, env, a, b, c)


def call4(f: i64, ctx: i64, env: i64, a: i64, b: i64, c: i64, d: i64) -> i64:
    """Call a function of the document."""
    return _stub(f, ctx, env, a, b, c, d)


def call5(f: i64, ctx: i64, env: i64, a: i64, b: i64, c: i64, d: i64, e: i64) -> i64:
    """Call a function of the document."""
    return _stub(f, ctx, env, a, b, c, d, e)


def raw0(f: i64) -> i64:
    """Call a C function."""
    return _stub(f)


def raw1(f: i64, a: i64) -> i64:
    """Call a C function."""
    return _stub(f, a)


def raw2(f: i64, a: i64, b: i64) -> i64:
    """Call a C function."""
    return _stub(f, a, b)


def raw4(f: i64, a: i64, b: i64, c: i64, d: i64) -> i64:
    """Call a C function."""
    return _stub(f, a, b, c, d)


def test2(f: i64, a: i64, b: i64) -> i64:
    """Call a function of two slots that cannot fail: an order or an equality of a type."""
    return _stub(f, a, b)


def address(function: object) -> i64:
    """The address of a kernel, to be called by `call1` and the like."""
    return _stub(function)


def host(pointer: i64, ctx: i64, number: i64, argument: i64) -> i64:
    """Call the host."""
    return _stub(pointer, ctx, number, argument)


# The C library's mathematics, as Python's `math` calls it.
def _real(*args: f64) -> f64:
    return _stub(*args)


exp = exp2 = expm1 = log = log2 = log10 = log1p = sin = cos = tan = asin = _real
acos = atan = sinh = cosh = tanh = asinh = acosh = atanh = erf = erfc = lgamma = _real
tgamma = sqrt = fabs = floor = ceil = rint = trunc = _real
pow = fmod = atan2 = copysign = hypot = _real
inf = float("inf")
nan = float("nan")
