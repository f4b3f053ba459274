"""Object code on disk: by the digest of the text that it was made of, so that nothing can be mixed up.

A file is a line of JSON (the digest and the length of what follows) and object code; it is written beside its place
and renamed, so that processes that write at one time do no harm.  The directory must belong to the user, and nobody
else may write into it, since its code is run; one that is read-only is read.  Where there is none that can be used,
nothing is kept.

`PFA_CACHE` names the directory; empty, there is none.  Otherwise it is `pfa` in the user's cache directory.
"""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

VERSION = 1
MOST = 1000  # files that are kept; the ones that were used longest ago go
PRUNED = 50  # files that are written before that is looked at


class Cache:
    """A directory of object code."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.written = 0

    def get(self, key: str) -> bytes | None:
        """The code of a key, if it is there and whole."""
        folder = self.usable()
        if folder is None:
            return None
        path = folder / f"{key}.o"
        try:
            with open(path, "rb") as f:
                header, code = json.loads(f.readline(1000)), f.read()
            if header["sha256"] != sha256(code).hexdigest():
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with suppress(OSError):
            os.utime(path)  # when it was used
        return code

    def put(self, key: str, code: bytes) -> None:
        """Keep code; where that cannot be, it is not kept."""
        folder = self.usable(make=True)
        if folder is None:
            return
        header = json.dumps({"sha256": sha256(code).hexdigest(), "version": VERSION}).encode() + b"\n"
        with suppress(OSError):
            handle, name = tempfile.mkstemp(dir=folder, prefix="new-")
            try:
                with open(handle, "wb") as f:
                    f.write(header + code)
                os.replace(name, folder / f"{key}.o")
            except OSError:
                os.unlink(name)
        self.written += 1
        if self.written % PRUNED == 1:
            self.prune(folder)

    def usable(self, make: bool = False) -> Path | None:
        """The directory, if nobody else can write into it."""
        if self.folder is None:
            return None
        try:
            if make:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.folder.stat()
        except OSError:
            return None
        own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
        closed = not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return self.folder if own and closed and stat.S_ISDIR(found.st_mode) else None

    def prune(self, folder: Path) -> None:
        """Remove what was used longest ago."""
        with suppress(OSError):
            files = sorted(folder.glob("*.o"), key=lambda p: p.stat().st_mtime)
            for path in files[: max(0, len(files) - MOST)]:
                path.unlink(missing_ok=True)


def default() -> Cache:
    """The cache that the environment names."""
    named = os.environ.get("PFA_CACHE")
    if named is not None:
        return Cache(Path(named) if named else None)
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Cache(Path(base) / "pfa" if os.path.isabs(base) else None)


def key_of(*parts: str) -> str:
    """The name of what is made of these texts."""
    digest = sha256()
    for p in (str(VERSION), *parts):
        data = p.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
