"""Files under folders that the host allows, opened so that nothing else can be.

Place in the pipeline: below `resources`.  A file name of a document is a stranger's.  Invariants: a name leads
under an allowed folder as it is written, before the file system is asked for it, and still does after links are
resolved; the file is opened a folder at a time without following links, so a link that is put there in between opens
nothing; and what was opened is a regular file (a pipe would block, a device might never end).
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from pfa.check.problems import show

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_BY_FOLDER = os.open in os.supports_dir_fd and bool(_NO_LINK)  # not on Windows


class NotOpened(Exception):
    """The file is not there, or may not be opened; the message says which."""


class Folders:
    """Folders that are allowed, and the one that relative names start from first (which need not be allowed)."""

    def __init__(self, allowed: Iterable[str], start: str | None) -> None:
        self.allowed = [os.path.abspath(folder) for folder in allowed]
        self.starts = list(dict.fromkeys([*([] if start is None else [os.path.abspath(start)]), *self.allowed]))

    def open(self, name: str) -> tuple[BinaryIO, int]:
        """A file open for reading without a buffer, and its size; raises NotOpened."""
        try:
            name.encode()
        except UnicodeEncodeError:
            raise NotOpened("it is no file name") from None
        if not name or "\0" in name:
            raise NotOpened("it is no file name")
        reasons = [self._refusal()]
        for start in self.starts:
            path = os.path.normpath(os.path.join(start, name))
            if not any(_under(path, folder) for folder in self.allowed):
                continue
            try:
                return self._open(path)
            except NotOpened as error:
                reasons.append(str(error))
            except OSError as error:
                reasons.append(_said(error, name))
        raise NotOpened(reasons[1] if len(reasons) > 1 else reasons[0])

    def _open(self, path: str) -> tuple[BinaryIO, int]:
        real = os.path.realpath(path, strict=True)
        for folder in self.allowed:
            root = os.path.realpath(folder)
            if _under(real, root):
                return _checked(_open_under(root, os.path.relpath(real, root)))
        raise NotOpened(f"it is a link that leads out of the allowed folders; {self._refusal()}")

    def _refusal(self) -> str:
        if not self.allowed:
            return "no folder is allowed here; give the folder of the file as resources=[...]"
        return "only files under the document's folder, or those given as resources=[...], are opened"


def _under(path: str, folder: str) -> bool:
    try:
        return path != folder and os.path.commonpath([path, folder]) == folder
    except ValueError:  # another drive of Windows
        return False


def _open_under(root: str, inside: str) -> int:
    """Open a file without following any link below `root`; its descriptor."""
    if not _BY_FOLDER:
        return os.open(os.path.join(root, inside), _FLAGS)
    *folders, name = inside.split(os.sep)
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for folder in folders:
            deeper = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NO_LINK, dir_fd=at)
            os.close(at)
            at = deeper
        return os.open(name, _FLAGS | _NO_LINK, dir_fd=at)
    finally:
        os.close(at)


def _checked(descriptor: int) -> tuple[BinaryIO, int]:
    """The file of a descriptor, if it is a regular one."""
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise NotOpened("it is no regular file")
        return os.fdopen(descriptor, "rb", buffering=0), found.st_size
    except BaseException:
        os.close(descriptor)
        raise


def _said(error: OSError, name: str) -> str:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return "there is no such file"
        case errno.ELOOP:
            return "it is a link that leads nowhere"
        case errno.ENXIO:
            return "it is no regular file"
        case _:
            return f"it cannot be opened: {error.strerror or show(name)}"
