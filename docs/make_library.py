"""Write docs/library.md from the library's definitions: python -m docs.make_library"""

from pathlib import Path

from pfa.lib.pages import page, summary
from pfa.lib.table import MODULES, everything

FILE = Path(__file__).parent / "library.md"
HEAD = """# The function library

Made from the definitions in `pfa/lib` by `python -m docs.make_library`; `pfa help a.map` prints one page.
Examples are written `name(ARGUMENTS) -> RESULT`: arguments are JSON (`"text"` is a string, an object with
`type` and `value` a typed literal, one with `params` or `fcn` a function), results are in Avro JSON encoding,
and all are run by the tests.
"""


def text() -> str:
    spaces: dict[str, list[str]] = {space: [] for space in MODULES}
    index: dict[str, list[str]] = {space: [] for space in MODULES}
    for fn in everything().values():
        space = fn.name.rpartition(".")[0]
        spaces[space].append(f"### {fn.name}\n\n```text\n{page(fn)}\n```\n")
        index[space].append(f"- `{fn.name}`: {summary(fn)}")
    parts = [HEAD]
    for space, pages in spaces.items():
        parts += [f"## {space or 'core'}\n", "\n".join(index[space]) + "\n", *pages]
    return "\n".join(parts)


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
