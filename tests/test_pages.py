"""docs/library.md and `pfa help` are printed from the definitions."""

from docs.make_library import FILE, text


def test_library_md_is_up_to_date():
    """`python -m docs.make_library` writes it."""
    assert FILE.read_text("utf-8") == text()
