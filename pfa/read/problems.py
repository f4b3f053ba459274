"""What can be wrong with a document before its meaning is looked at, as data.

Place in the pipeline: `read` raises these inside `PfaSyntaxError` and `PfaLimitError`, or hands them on as
`Document.warnings`.  Invariant: no problem quotes a value of the document (but an integer
that is too large); it names keys and counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pfa.errors import Problem


def _short(name: str) -> str:
    """A name as messages show it: that of a megabyte is an attack on whoever reads them."""
    return name if len(name) <= 60 else f"{name[:50]}... ({len(name)} characters)"


@dataclass(frozen=True, slots=True)
class Malformed(Problem):
    """JSON text that breaks the grammar."""

    says: ClassVar[str] = "expected {p.expected}, found {p.found}{p.advice}"
    expected: str
    found: str
    remedy: str = ""

    @property
    def advice(self) -> str:
        """The remedy, ready to follow the message."""
        return f": {self.remedy}" if self.remedy else ""


@dataclass(frozen=True, slots=True)
class Unclosed(Problem):
    """The text ends inside something; `at` is where that began."""

    says: ClassVar[str] = "the {p.what} that begins here is not closed"
    what: str


@dataclass(frozen=True, slots=True)
class TrailingText(Problem):
    """Something follows the document."""

    says: ClassVar[str] = "the document ends before this {p.found}; nothing may follow it"
    found: str


@dataclass(frozen=True, slots=True)
class EmptyDocument(Problem):
    """Nothing but blanks and comments."""

    says: ClassVar[str] = "the document is empty"


@dataclass(frozen=True, slots=True)
class DuplicateKey(Problem):
    """A key stands twice in one object; `at` is the second."""

    says: ClassVar[str] = "the key {p.shown} stands twice in this object"
    key: str

    @property
    def shown(self) -> str:
        """The key, if it is short."""
        return repr(_short(self.key))


@dataclass(frozen=True, slots=True)
class LargeInteger(Problem):
    """An integer that no PFA type holds."""

    says: ClassVar[str] = "{p.shown} does not fit in 64 bits; a double has a point"
    digits: int
    written: str = ""

    @classmethod
    def of(cls, written: str) -> LargeInteger:
        """The problem of an integer as it is written; a person wrote it if it is short."""
        digits = len(written.lstrip("+-"))
        return cls(digits, written if digits <= 40 else "")

    @property
    def shown(self) -> str:
        """The integer, if it is short."""
        return f"the integer {self.written}" if self.written else f"an integer of {self.digits} digits"


@dataclass(frozen=True, slots=True)
class LargeFloat(Problem):
    """A number beyond the largest double, which would silently become infinity."""

    says: ClassVar[str] = "this number is larger than any double (about 1.8e308)"


@dataclass(frozen=True, slots=True)
class LoneSurrogate(Problem):
    """Half of a UTF-16 pair, which is no character."""

    says: ClassVar[str] = "a string holds half of a surrogate pair (\\ud800-\\udfff): no character"


@dataclass(frozen=True, slots=True)
class NonFinite(Problem):
    """NaN or Infinity: no JSON, but what Python's json.dumps writes.  A warning, at the first of them."""

    says: ClassVar[str] = "{p.token} is not JSON, others refuse it ({p.count} such numbers here)"
    warning: ClassVar[bool] = True
    token: str
    count: int


@dataclass(frozen=True, slots=True)
class NotUtf8(Problem):
    """Bytes that are no UTF-8."""

    says: ClassVar[str] = "byte {p.offset} is not UTF-8; documents are UTF-8"
    offset: int


@dataclass(frozen=True, slots=True)
class OtherEncoding(Problem):
    """A byte order mark, or NUL bytes, of another encoding."""

    says: ClassVar[str] = "the document is {p.encoding}; documents are UTF-8, save it as that"
    encoding: str


@dataclass(frozen=True, slots=True)
class BadGzip(Problem):
    """Compressed data that cannot be decompressed."""

    says: ClassVar[str] = "the gzip data is {p.wrong}"
    wrong: str


@dataclass(frozen=True, slots=True)
class UnsupportedSyntax(Problem):
    """A syntax that cannot be read, or not yet."""

    says: ClassVar[str] = "{p.name} is not supported{p.yet}"
    name: str
    yet: str = ""


@dataclass(frozen=True, slots=True)
class NotADocument(Problem):
    """The caller gave something else than text or a dict."""

    says: ClassVar[str] = "a document is text, bytes or a dict, not {p.kind}{p.advice}"
    kind: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class NoJsonValue(Problem):
    """A caller's dict holds something that JSON has not."""

    says: ClassVar[str] = "a value of type {p.kind} is not JSON (dict, list, str, int, float, bool or None)"
    kind: str


@dataclass(frozen=True, slots=True)
class NoStringKey(Problem):
    """A caller's dict has a key that is no string."""

    says: ClassVar[str] = "a key of type {p.kind}: keys are strings"
    kind: str


@dataclass(frozen=True, slots=True)
class BadYaml(Problem):
    """What YAML's own scanner and parser refuse, in its words."""

    says: ClassVar[str] = "{p.message}"
    message: str


@dataclass(frozen=True, slots=True)
class ExplicitTag(Problem):
    """A YAML tag.  A document is JSON in another dress: nothing needs them, and some build objects."""

    says: ClassVar[str] = "YAML tags such as {p.shown} are not allowed; for text write it in quotes"
    tag: str

    @property
    def shown(self) -> str:
        """The tag, if it is short."""
        return _short(self.tag)


@dataclass(frozen=True, slots=True)
class ManyDocuments(Problem):
    """A second YAML document in the text."""

    says: ClassVar[str] = "a second YAML document begins here; the text must hold one"


@dataclass(frozen=True, slots=True)
class NoSuchAnchor(Problem):
    """An alias of nothing."""

    says: ClassVar[str] = "no anchor stands before the alias *{p.shown}"
    name: str

    @property
    def shown(self) -> str:
        """The alias, if it is short."""
        return _short(self.name)


@dataclass(frozen=True, slots=True)
class RecursiveAlias(Problem):
    """An alias inside what it names."""

    says: ClassVar[str] = "the alias *{p.shown} stands inside the value that it repeats"
    name: str

    @property
    def shown(self) -> str:
        """The alias, if it is short."""
        return _short(self.name)


@dataclass(frozen=True, slots=True)
class NoScalarKey(Problem):
    """A YAML key that is a sequence or a mapping."""

    says: ClassVar[str] = "a key must be a string, not a {p.kind}"
    kind: str


@dataclass(frozen=True, slots=True)
class OldYaml(Problem):
    """A %YAML directive of an older version, whose scalars mean something else.  A warning."""

    says: ClassVar[str] = "it says YAML {p.version}, but is read as 1.2, where on, 012 and 1:30 differ"
    warning: ClassVar[bool] = True
    version: str


@dataclass(frozen=True, slots=True)
class TooLong(Problem):
    """More text than `Limits.bytes`."""

    says: ClassVar[str] = "the document has more than {p.limit} bytes (Limits.bytes)"
    limit: int


@dataclass(frozen=True, slots=True)
class TooDeep(Problem):
    """Objects and arrays nested deeper than `Limits.nesting` (a dict that contains itself ends here, too)."""

    says: ClassVar[str] = "objects and arrays are nested deeper than {p.limit} (Limits.nesting)"
    limit: int


@dataclass(frozen=True, slots=True)
class DeepStack(Problem):
    """`Limits.nesting` allows more than Python's own stack has left."""

    says: ClassVar[str] = "objects and arrays nest {p.nesting} deep, more than Python's stack has room for"
    nesting: int


@dataclass(frozen=True, slots=True)
class TooManyNodes(Problem):
    """More values than `Limits.nodes`."""

    says: ClassVar[str] = "the document has more than {p.limit} values (Limits.nodes)"
    limit: int


@dataclass(frozen=True, slots=True)
class TooManyAliases(Problem):
    """YAML aliases that add more values than `Limits.anchors`."""

    says: ClassVar[str] = "aliases add more than {p.limit} values to the document (Limits.anchors)"
    limit: int


@dataclass(frozen=True, slots=True)
class TooCompressed(Problem):
    """A gzip bomb, or what looks like one."""

    says: ClassVar[str] = "the gzip data becomes more than {p.limit:g} times as large (Limits.gzip_ratio)"
    limit: float
