"""The library's kernels by their heads are those that a parser finds."""

import ast
from importlib import resources

import pytest

from pfa.targets.kernel import kernels

FILES = sorted(
    (f for f in resources.files("pfa.targets.kernel.lib").iterdir() if f.name.endswith(".py")), key=lambda f: f.name
)


@pytest.mark.parametrize("file", FILES, ids=[f.name for f in FILES])
def test_heads_are_those_of_the_parser(file):
    text = file.read_text("utf-8")
    wanted, found = kernels.parse(text), kernels.indexed(text)
    assert found.keys() == wanted.keys()
    for name, k in wanted.items():
        same = found[name]
        assert (same.name, same.params, same.ret, same.inline) == (k.name, k.params, k.ret, k.inline)
        assert same.names == k.names
        assert ast.dump(same.node) == ast.dump(k.node)


def test_the_library_is_not_parsed_as_a_whole(monkeypatch):
    texts = []
    parsed = kernels.parsed
    monkeypatch.setattr(kernels, "parsed", lambda text: texts.append(text) or parsed(text))
    kernels.library.__wrapped__()
    assert sum(map(len, texts)) < 20_000
