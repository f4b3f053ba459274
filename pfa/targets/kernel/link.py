"""Machine code from LLVM IR, through llvmlite.

Invariant: a `Code` keeps what its functions need; they are called by address through `ctypes`, which releases the GIL.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from pfa.targets.kernel.cache import Cache, key_of

# llvmlite holds its lock while LLVM works.  The process forks when it is free: a child of a fork in the middle would
# wait for ever.
_lock: Any = getattr(llvm.ffi.lib, "_lock", None) or contextlib.nullcontext()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.__enter__, after_in_parent=_lock.__exit__, after_in_child=_lock.__exit__)


@cache
def machine(level: int = 2) -> Any:
    """The target machine of this CPU: its own features, no contraction of multiply and add."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    with suppress(RuntimeError):  # where the C library has its mathematics in itself
        llvm.load_library_permanently("libm.so.6")
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=level, jit=True
    )


@dataclass(slots=True)
class Code:
    """Loaded machine code."""

    engine: Any

    def address(self, name: str) -> int:
        found: int = self.engine.get_function_address(name)
        return found

    def function(self, name: str, *types: Any) -> Any:
        """A C function: the result's type, then the arguments'."""
        return ctypes.CFUNCTYPE(*types)(self.address(name))


def compiled(ir: str, level: int = 2) -> bytes:
    """Object code of a module, optimised where the level is not 0."""
    module = llvm.parse_assembly(ir)
    module.triple = llvm.get_process_triple()
    tm = machine(level)
    module.data_layout = str(tm.target_data)
    if level:
        options = llvm.create_pipeline_tuning_options(speed_level=level)
        builder = llvm.create_pass_builder(tm, options)
        builder.getModulePassManager().run(module, builder)
    code: bytes = tm.emit_object(module)
    return code


def object_code(ir: str, cache: Cache, level: int = 2) -> bytes:
    """The object code of a module, from the cache or made now."""
    name, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    key = key_of(ir, ".".join(map(str, llvm.llvm_version_info)), name, features, str(level))
    code = cache.get(key)
    if code is None:
        code = compiled(ir, level)
        cache.put(key, code)
    return code


def loaded(code: bytes) -> Code:
    """Object code as functions in memory."""
    machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _fresh())
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Code(engine)


def _fresh() -> Any:
    """An execution engine owns its target machine."""
    return llvm.Target.from_default_triple().create_target_machine(jit=True)
