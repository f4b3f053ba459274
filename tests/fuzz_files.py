"""Give broken files of each format to the commands that read data: each ends with 0, 1 or 2, and says why.

    python -m tests.fuzz_files --cases 2000 [--seed 1]

Anything else that a command raises is printed with its traceback, and the file is kept in the folder that is named.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import sys
import tempfile
import traceback
from pathlib import Path
from unittest.mock import patch

import pfa
from pfa.cli import main
from pfa.data import batches
from pfa.data.formats import FORMATS, NAMES

NESTED = {"type": "record", "name": "Nested", "fields": [
    {"name": "x", "type": "double"}, {"name": "s", "type": ["null", "string"]},
    {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["a", "b"]}},
    {"name": "l", "type": {"type": "array", "items": "int"}}, {"name": "m", "type": {"type": "map", "values": "long"}},
    {"name": "b", "type": "bytes"}]}  # fmt: skip
FLAT = {"type": "record", "name": "Flat", "fields": [{"name": "x", "type": "double"}, {"name": "y", "type": "int"}]}
MODELS = {
    "nested": {"input": NESTED, "output": "Nested", "action": "input"},
    "flat": {"input": FLAT, "output": "double", "action": {"+": ["input.x", "input.y"]}},
    "other": {"input": FLAT, "output": "double", "action": {"*": ["input.x", "input.y"]}},
}
DATA = {
    "nested": [{"x": i / 3, "s": None if i % 2 else {"string": f"é{i}"}, "e": "ab"[i % 2], "l": [i] * (i % 3),
                "m": {"k": i}, "b": bytes([i, 200])} for i in range(40)],
    "flat": [{"x": i / 7, "y": i} for i in range(300)],
}  # fmt: skip
WORDS = [b'"', b"\xc3", b"\xed\xa0\x80", b"[[[[", b"{}", b"1e999", b"nan", b",,,", b"\n\n", b"\r", b"null", b"\0"]
NUMBERS = [b"\xff" * 8, b"\0" * 8, b"\x80" * 7 + b"\x01", (1 << 40).to_bytes(8, "little")]


def files() -> dict[tuple[str, str], bytes]:
    """Sound files, by model and format; what has batches has several."""
    made = {}
    for model, data in DATA.items():
        t = pfa.loads(MODELS[model]).input_type
        for form in FORMATS:
            writer = form.writer(out := io.BytesIO(), t)
            for i, datum in enumerate(data):
                writer.write(datum)
                if i % 50 == 20:
                    writer.flush()
            writer.close()
            made[model, form.name] = out.getvalue()
    return made


def harmed(sound: bytes, rng: random.Random) -> bytes:
    """A file with a few faults."""
    data = bytearray(sound)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(7):
            case 0:
                del data[at:]
            case 1:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 2:
                data[at:at] = rng.randbytes(rng.randrange(1, 9))
            case 3:
                del data[at : at + rng.randrange(1, 40)]
            case 4:
                data[at:at] = data[(start := rng.randrange(len(data) + 1)) : start + rng.randrange(60)]
            case 5:
                data[at : at + 8] = rng.choice(NUMBERS)
            case _:
                data[at:at] = rng.choice(WORDS)
    return bytes(data)


def command(model: str, name: str, rng: random.Random) -> list[str]:
    """What is done with a file."""
    out = f"out.{rng.choice(FORMATS).name}"
    run = ["run", f"{model}.pfa", name, "-o", out, "--on-error", rng.choice(["stop", "skip", "null"])]
    return rng.choice([
        run, [*run, "--backend", "numba"], [*run, "--instances", "2", "--sequence"],
        [*run, "--rejects", "rejects.jsonl", "--state", "s", "--every", rng.choice(["7", "1s", "100"])],
        ["convert", name, out], ["convert", name, out, "--on-error", "skip"], ["schema", name],
        ["diff", "flat.pfa", "other.pfa", name],
    ])  # fmt: skip


def fault(words: list[str]) -> str:
    """What is wrong with how a command ends; nothing."""
    said, out = io.StringIO(), io.TextIOWrapper(io.BytesIO())
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
            code = main(words)
    except Exception:
        return traceback.format_exc()
    if code not in (0, 1, 2):
        return f"exit code {code}"
    return "it says nothing" if code and not said.getvalue().strip() and words[0] != "diff" else ""


def fuzz(folder: Path, cases: int, seed: int) -> list[tuple[list[str], str]]:
    """Commands in a folder that ended otherwise, and how."""
    rng, sound, found = random.Random(seed), files(), []
    for name, model in MODELS.items():
        (folder / f"{name}.pfa").write_text(json.dumps(model), "utf-8")
    with contextlib.chdir(folder), patch.object(batches, "WARM", 0), patch.object(batches, "SMALL", 0):
        for n in range(cases):
            (model, form), data = rng.choice(list(sound.items()))
            for left in rng.sample(["s", *(f"out.{f}" for f in NAMES)], 4):
                Path(left).unlink(missing_ok=True)
            Path(f"in.{form}").write_bytes(harmed(data, rng))
            if how := fault(words := command(model, f"in.{form}", rng)):
                os.replace(f"in.{form}", f"fault{n}.{form}")
                found.append((words, how))
    return found


def run() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    found = fuzz(folder, args.cases, args.seed)
    for words, how in found:
        print(" ".join(words), how, sep="\n")
    print(f"{args.cases} cases, {len(found)} faults; the files are in {folder}")
    sys.exit(bool(found))


if __name__ == "__main__":
    run()
