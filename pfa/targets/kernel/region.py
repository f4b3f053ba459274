"""Memory of the system for kernels, and how much of a thread's stack they may use."""

from __future__ import annotations

import ctypes
import mmap
import sys
import threading

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

ARENA = 1 << 30
SMALLEST = 1 << 20
HELD = 1 << 26  # bytes of a region that stay with the process when nothing is in it


class Region:
    """Memory of the system, which is zero and costs nothing until it is used."""

    def __init__(self, size: int) -> None:
        # Without it a process with a large region cannot fork.
        unreserved = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | unreserved
        self.map = mmap.mmap(-1, size, flags=flags)
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        self.end = self.start + size

    def clear(self, size: int) -> None:
        """Zeros at the beginning."""
        if size > HELD and hasattr(mmap, "MADV_DONTNEED"):
            self.map.madvise(mmap.MADV_DONTNEED)
        else:
            ctypes.memset(self.start, 0, size)

    def release(self) -> None:
        """Nothing in it is needed: the system may have what it takes, but for what is soon taken again."""
        if hasattr(mmap, "MADV_DONTNEED") and self.end - self.start > HELD:
            self.map.madvise(mmap.MADV_DONTNEED, HELD)


def stack_room() -> int:
    """How much of a thread's stack compiled code may use: half of the smallest that a thread of now may have."""
    sizes = [8 << 20]
    if resource is not None and (soft := resource.getrlimit(resource.RLIMIT_STACK)[0]) > 0:
        sizes.append(soft)
    if own := threading.stack_size():  # which asking sets back
        threading.stack_size(own)
        sizes.append(own)
    return min(sizes) // 2
