"""Random well-typed PFA documents with data for them, made by wanted type, and mutants of documents.

    made = program(Random(1))            # or program(draw(st.randoms())): hypothesis then shrinks it
    made.document, made.data, made.counts

`types` makes types and writes schemas, `values` data, `scope` knows what a place of code may do, `maker`
chooses the form of an expression among those of `forms`, `paths`, `statements`, `library` and `functions`,
`documents` puts a document together.  `judge` says whether a value has its type, without the package under
test; `trial` runs a program in every way.  `mutants` changes documents, `siege` runs what comes of it.
"""

from tests.generate.documents import Program, program

__all__ = ["Program", "program"]
