"""What is no kernel of the kernel language: memory, bits, arithmetic, mathematics, calls by address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pfa.targets.kernel import language
from pfa.targets.kernel.writer import Value

if TYPE_CHECKING:
    import ast

    from pfa.targets.kernel.writer import Writer

ONE_ARGUMENT = (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
    "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "lgamma", "tgamma",
)  # fmt: skip
TWO_ARGUMENTS = ["pow", "fmod", "atan2", "hypot"]
INTRINSICS = {"sqrt": "llvm.sqrt.f64", "fabs": "llvm.fabs.f64", "floor": "llvm.floor.f64", "ceil": "llvm.ceil.f64",
              "rint": "llvm.rint.f64", "trunc": "llvm.trunc.f64", "copysign": "llvm.copysign.f64"}  # fmt: skip
LOADS = {"ld": "i64", "ldf": "double", "ld8": "i8", "ld32": "i32", "ldu32": "i32", "ldf32": "float"}
STORES = {"st": "i64", "stf": "double", "st8": "i8", "st32": "i32", "stf32": "float"}
SIZES = {"i64": "8", "double": "8", "i8": "1", "i32": "4", "float": "4"}
UNKNOWN = Value("", "unknown")
SIMPLE: dict[str, tuple[str, str]] = {
    "bits": ("bitcast double {0} to i64", "i64"),
    "unbits": ("bitcast i64 {0} to double", "double"),
    "trunc_i64": ("fptosi double {0} to i64", "i64"),
    "shr": ("lshr i64 {0}, {1}", "i64"),
    "ult": ("icmp ult i64 {0}, {1}", "i1"),
    "udiv": ("udiv i64 {0}, {1}", "i64"),
    "urem": ("urem i64 {0}, {1}", "i64"),
    "popcount": ("call i64 @llvm.ctpop.i64(i64 {0})", "i64"),
    "ctz": ("call i64 @llvm.cttz.i64(i64 {0}, i1 false)", "i64"),
    "clz": ("call i64 @llvm.ctlz.i64(i64 {0}, i1 false)", "i64"),
}


def special(f: Writer, name: str, args: list[Value], e: ast.Call) -> Value | None:
    """What is no kernel: memory, bits, arithmetic, mathematics."""
    texts = [a.text for a in args]
    if name in LOADS:
        return load(f, LOADS[name], args[0], name)
    if name in STORES:
        store(f, STORES[name], args[0], args[1], e)
        return None
    if name in INTRINSICS or name in ONE_ARGUMENT or name in TWO_ARGUMENTS:
        given = [a if a.type == "double" else f.convert(a, "double", e) for a in args]
        listed = ", ".join(f"double {a.text}" for a in given)
        return f.value(f"call double @{INTRINSICS.get(name, name)}({listed})", "double")
    if name in SIMPLE:
        template, t = SIMPLE[name]
        return f.value(template.format(*texts), t)
    if name.startswith("call") and name[4:].isdigit():
        return indirect(f, args)
    if name.startswith("raw"):
        target = f.pointer(args[0])
        return f.value(f"call i64 {target}({', '.join(f'i64 {a.text}' for a in args[1:])})", "i64")
    match name:
        case "get":
            return f.value(f"load i64, ptr {f.field(texts[1])}, !tbaa !3", "i64")
        case "put":
            where = f.field(texts[1])
            f.emit(f"store i64 {texts[2]}, ptr {where}, !tbaa !3")
            return None
        case "fail":
            f.emit(f"store i64 {texts[1]}, ptr {f.field(str(language.STATUS))}, !tbaa !3")
            if f.site:
                f.note(f.site)
            f.jump(f.handler())
            return None
        case "rethrow":
            f.jump(f.handler())
            return None
        case "here":
            f.slots["_here"] = "i64"
            return f.value("ptrtoint ptr %v._here to i64", "i64")
        case "move":
            n = f.counted(texts[2])
            to, source = (f.pointer(f.checked(a, n)) for a in args[:2])
            f.emit(f"call void @llvm.memmove.p0.p0.i64(ptr {to}, ptr {source}, i64 {n}, i1 false)")
            return None
        case "fill":
            byte = f.value(f"trunc i64 {texts[1]} to i8", "i8")
            n = f.counted(texts[2])
            to = f.pointer(f.checked(args[0], n))
            f.emit(f"call void @llvm.memset.p0.i64(ptr {to}, i8 {byte.text}, i64 {n}, i1 false)")
            return None
        case "same_bytes":
            n = f.counted(texts[2])
            a, b = (f.pointer(f.checked(x, n)) for x in args[:2])
            got = f.value(f"call i32 @memcmp(ptr {a}, ptr {b}, i64 {n})", "i32")
            return f.value(f"icmp eq i32 {got.text}, 0", "i1")
        case "add_over" | "sub_over" | "mul_over":
            op = {"add_over": "sadd", "sub_over": "ssub", "mul_over": "smul"}[name]
            both = f"call {{i64, i1}} @llvm.{op}.with.overflow.i64(i64 {texts[0]}, i64 {texts[1]})"
            got = f.value(both, "")
            return f.value(f"extractvalue {{i64, i1}} {got.text}, 1", "i1")
        case "mul_hi":
            a, b = (f.value(f"zext i64 {x} to i128", "i128").text for x in texts)
            product = f.value(f"mul i128 {a}, {b}", "i128")
            high = f.value(f"lshr i128 {product.text}, 64", "i128")
            return f.value(f"trunc i128 {high.text} to i64", "i64")
        case "f32":
            single = f.value(f"fptrunc double {texts[0]} to float", "float")
            return f.value(f"fpext float {single.text} to double", "double")
        case "float":
            if args[0].type == "double":
                return args[0]
            return f.value(f"sitofp i64 {texts[0]} to double", "double")
        case "int":
            if args[0].type == "i1":
                return f.value(f"zext i1 {texts[0]} to i64", "i64")
            return args[0]
        case "bool":
            return args[0] if args[0].type == "i1" else f.value(f"icmp ne i64 {texts[0]}, 0", "i1")
        case "min" | "max":
            how = "slt" if name == "min" else "sgt"
            test = f.value(f"icmp {how} i64 {texts[0]}, {texts[1]}", "i1")
            return f.value(f"select i1 {test.text}, i64 {texts[0]}, i64 {texts[1]}", "i64")
        case "test2":
            target = f.pointer(args[0])
            return f.value(f"call i64 {target}(i64 {texts[1]}, i64 {texts[2]})", "i64")
        case "host":
            target = f.pointer(args[0])
            made = f.value(f"call i64 {target}(i64 {texts[1]}, i64 {texts[2]}, i64 {texts[3]})", "i64")
            f.test_status(f.site)
            return made
        case _:
            return UNKNOWN


def indirect(f: Writer, args: list[Value]) -> Value:
    """A function of the document by its address."""
    site = f.site
    target = f.pointer(args[0])
    made = f.value(f"call i64 {target}({', '.join(f'i64 {a.text}' for a in args[1:])})", "i64")
    f.test_status(site)
    return made


def load(f: Writer, t: str, a: Value, name: str) -> Value:
    a = f.checked(a, SIZES[t])
    got = f.value(f"load {t}, ptr {f.pointer(a)}, !tbaa !4", t)
    if t == "float":
        return f.value(f"fpext float {got.text} to double", "double")
    if t in ("i8", "i32"):
        how = "sext" if name == "ld32" else "zext"
        return f.value(f"{how} {t} {got.text} to i64", "i64")
    return got


def store(f: Writer, t: str, a: Value, v: Value, e: ast.Call) -> None:
    if t == "float":
        v = f.value(f"fptrunc double {v.text} to float", t)
    elif t in ("i8", "i32"):
        v = f.value(f"trunc i64 {v.text} to {t}", t)
    elif v.type != t:
        v = f.convert(v, t, e)
    a = f.checked(a, SIZES[t])
    f.emit(f"store {t} {v.text}, ptr {f.pointer(a)}, !tbaa !4")
