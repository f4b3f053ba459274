"""Object code on disk: found again, never mixed up, never trusted where others can write."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import pfa
from pfa.cli import main
from pfa.targets.kernel import link
from pfa.targets.kernel.cache import Cache, key_of

THREE, FIVE = ({"input": "double", "output": "double", "action": {"*": ["input", x]}} for x in (3.0, 5.0))
SCORE = "import pfa, sys; print(pfa.loads(sys.argv[1], backend='numba').action(2.0))"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PFA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_two_specialisations_are_two_files(folder):
    assert [pfa.loads(d, backend="numba").action(2.0) for d in (THREE, FIVE)] == [6.0, 10.0]
    assert len(list(folder.glob("*.o"))) == 2
    assert [pfa.loads(d, backend="numba").action(2.0) for d in (THREE, FIVE)] == [6.0, 10.0]


def test_another_process_compiles_nothing(folder, monkeypatch):
    out = subprocess.run(
        [sys.executable, "-c", SCORE, '{"input": "double", "output": "double", "action": {"*": ["input", 3.0]}}'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert out.stdout == "6.0\n"
    monkeypatch.setattr(link, "compiled", lambda ir: pytest.fail("it was compiled again"))
    assert pfa.loads(THREE, backend="numba").action(2.0) == 6.0


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", lambda b: b[:-9] + b"x" * 9])
def test_a_file_that_is_damaged_is_made_again(folder, damage):
    pfa.loads(THREE, backend="numba")
    [path] = folder.glob("*.o")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert pfa.loads(THREE, backend="numba").action(2.0) == 6.0
    assert path.read_bytes() == whole


def test_a_folder_that_others_can_write_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o777)
    assert pfa.loads(THREE, backend="numba").action(2.0) == 6.0
    assert not list(folder.iterdir())


def test_a_folder_that_cannot_be_made(folder):
    folder.write_text("a file")
    assert pfa.loads(THREE, backend="numba").action(2.0) == 6.0


def test_without_a_home(monkeypatch):
    monkeypatch.delenv("PFA_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "/nonexistent/home")
    assert pfa.loads(THREE, backend="numba").action(2.0) == 6.0


def test_switched_off(monkeypatch, tmp_path):
    monkeypatch.setenv("PFA_CACHE", "")
    monkeypatch.chdir(tmp_path)
    assert pfa.loads(THREE, backend="numba").action(2.0) == 6.0
    assert not list(tmp_path.iterdir())


def test_writers_at_one_time(tmp_path):
    caches = [Cache(tmp_path / "c") for _ in range(8)]
    codes = {key_of(str(i)): os.urandom(5000) for i in range(20)}

    def write(cache):
        for key, code in codes.items():
            cache.put(key, code)
            assert cache.get(key) == code

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, caches))
    assert sorted(p.stem for p in (tmp_path / "c").iterdir()) == sorted(codes)


def test_pfa_compile(tmp_path, capsys, monkeypatch):
    model = tmp_path / "model.pfa"
    model.write_text('{"input": "double", "output": "double", "action": {"*": ["input", 3.0]}}')
    monkeypatch.setenv("PFA_CACHE", "")
    assert main(["compile", str(model), "--cache", str(tmp_path / "cache")]) == 0
    assert "native: *" in capsys.readouterr().out
    assert len(list((tmp_path / "cache").glob("*.o"))) == 1
