"""The layout is the pipeline: a layer imports only layers before it, and none in secret."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pfa"
LAYERS = [
    "errors", "limits", "types", "lib", "ir", "read", "check", "passes", "memory", "targets", "data",
    "engine", "convert", "serve", "cli",
]  # fmt: skip
FREE = {"__init__", "__main__"}
# `import pfa` stays fast: these are imported where they are needed, which is inside functions.
LATE = {"pfa.lib", "pfa.cli", "pfa.engine.scoring"}


def imports(path: Path) -> set[str]:
    """Layers that a module reaches, in whatever form it imports them (ruff bans relative imports)."""
    found = set()
    for n in ast.walk(ast.parse(path.read_text("utf-8"))):
        match n:
            case ast.Import(names):
                found |= {a.name for a in names if a.name.startswith("pfa.")}
            case ast.ImportFrom(module="pfa", names=names):
                found |= {f"pfa.{a.name}" for a in names}
            case ast.ImportFrom(module=str(module)) if module.startswith("pfa."):
                found.add(module)
    return {name.split(".")[1] for name in found}


def hidden(path: Path) -> list[str]:
    """Imports of our own modules inside functions."""
    found = []
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for n in ast.walk(function):
                match n:
                    case ast.ImportFrom(module=str(module)) if module.split(".")[0] == "pfa":
                        found.append(f"{path.name}:{n.lineno} {module}")
                    case ast.Import(names):
                        mine = [a.name for a in names if a.name.split(".")[0] == "pfa"]
                        found += [f"{path.name}:{n.lineno} {name}" for name in mine]
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_layer_imports_only_layers_before_it(path):
    layer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    assert layer in FREE or layer in LAYERS, f"{path} is in no layer: add it to LAYERS"
    if layer in LAYERS:
        below = set(LAYERS[: LAYERS.index(layer) + 1])
        assert imports(path) <= below, f"{path} reaches up"


def test_imports_of_our_own_modules_stand_at_the_top():
    """Few exceptions, each for the time that `import pfa` takes."""
    found = [place for path in sorted(PACKAGE.rglob("*.py")) for place in hidden(path)]
    late = [place for place in found if not any(place.split()[1].startswith(name) for name in LATE)]
    assert late == []
