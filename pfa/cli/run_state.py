"""The job of a run with `--state`: what is found at its start, and when and how it is saved.

The order that makes a killed run exact: the output is on the disk before the job that tells of it; the job holds
the states, the position in the input and that in the output, all of one moment; and a run that goes on cuts from the
output what was written after that moment, to write it again.
"""

from __future__ import annotations

import os
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO

from pfa.cli.documents import read_document
from pfa.cli.hash import digest
from pfa.data.job import End, Job, Place, Prefix, blob_of, check_input, check_place, read, save
from pfa.errors import PfaInitError

if TYPE_CHECKING:
    import argparse

    import pfa
    from pfa.cli.run_input import Settings
    from pfa.cli.run_output import Output, Sink
    from pfa.limits import Limits


class Kept:
    """What is kept of earlier runs: the job as it concerns this one, and the states of the engines."""

    def __init__(self, job: Job, states: list[bytes]) -> None:
        self.job = job
        self.states = states
        self.prefix: Prefix | None = None
        self.ended: End | None = None

    def check_input(self, source: BinaryIO, name: str) -> None:
        """PfaDataError where the input is not the one that was read so far."""
        if self.job.input:
            self.prefix = check_input(source, self.job, name)


def find(args: argparse.Namespace, settings: Settings, limits: Limits) -> Kept:
    """What the state file holds; PfaInitError where it is broken, of another document or of other options.

    Another input is read from its beginning, with the states that were reached; another output is written anew.
    """
    if not args.state:
        return Kept(Job("", args.instances), [])
    document = digest(read_document(args.model))
    found = read(args.state, limits)
    job, states = found or (None, [])
    if job is None:
        return Kept(Job(document, args.instances, settings.input, settings.source.name), states)
    _check(job, args, document)
    if not settings.input or job.input != settings.input:
        fresh = Job(document, job.engines, settings.input, settings.source.name, sequence=job.sequence)
        return Kept(fresh, states)
    return _same_input(job, states, args.state, settings)


def _check(job: Job, args: argparse.Namespace, document: str) -> None:
    if job.document != document:
        raise PfaInitError(
            f"{args.state}: the state is of another document ({job.document[:12]}, and {args.model} is "
            f"{document[:12]}: see pfa hash); it is left as it is"
        )
    if job.engines != args.instances:
        raise PfaInitError(f"{args.state}: the state is of {job.engines} instances: give --instances {job.engines}")


def _same_input(job: Job, states: list[bytes], path: str, settings: Settings) -> Kept:
    if job.format != settings.source.name:
        raise PfaInitError(f"{path}: the input was read as {job.format} and is to be read as {settings.source.name}")
    if job.output.path != settings.output:
        return Kept(replace(job, output=Place(), rejects=Place(), ended=None), states)
    if job.output.layout != settings.layout:
        was, now = job.output.layout, settings.layout
        raise PfaInitError(f"{path}: the output was written with other options ({was}; now {now}): give the same")
    kept = Kept(replace(job, ended=None), states)
    kept.ended = job.ended
    for place, size in _places(job):
        check_place(place, size)
    return kept


def _places(job: Job) -> list[tuple[Place, int]]:
    """Files that are there, with the sizes that they have at least."""
    sizes = (job.output.size, job.rejects.size)
    if job.ended:
        sizes = (job.ended.output, job.ended.rejects)
    return [(place, size) for place, size in zip((job.output, job.rejects), sizes, strict=True) if place.path]


class Keeper:
    """Saves the job: every so many rows or seconds, and at the end."""

    def __init__(
        self,
        args: argparse.Namespace,
        settings: Settings,
        kept: Kept,
        engines: list[pfa.Engine],
        source: BinaryIO,
        output: Output,
        rejects: Sink | None,
        limits: Limits,
    ) -> None:
        self.path: str = args.state or ""
        self.job = kept.job
        self.engines = engines
        self.source = source
        self.output = output
        self.rejects = rejects
        self.limits = limits
        self.text = settings.source.text
        self.prefix = (kept.prefix or Prefix(source)) if self.path and settings.input else None
        every: tuple[int, float] = args.every or (0, 0.0)
        self.rows, self.seconds = every
        self.next = self._next()

    def _next(self) -> float:
        return monotonic() + self.seconds if self.seconds else 0.0

    @property
    def saves(self) -> bool:
        """Is anything saved before the end?"""
        return bool(self.rows or self.seconds)

    def due_within(self, rows: int, more: int) -> bool:
        """Is it time to save before so many more rows are done?"""
        return self.rows > 0 and rows // self.rows != (rows + more - 1) // self.rows

    def due(self, rows: int) -> bool:
        """Is it time to save?"""
        if self.rows:
            return rows % self.rows == 0
        return self.seconds > 0 and monotonic() >= self.next

    def reach(self, rows: int, end: Any, failed: dict[str, int]) -> None:
        """Note a moment between two rows, in which the job may be saved."""
        job = self.job
        job.rows, job.position, job.failed = rows, end if self.prefix else None, dict(failed)
        job.sequence = self.output.sequence
        job.output = self.output.reached()
        job.rejects = self.rejects.reached() if self.rejects else Place()
        if self.prefix:
            self.prefix.extend(self._covered())
            job.covered, job.crc = self.prefix.covered, self.prefix.crc

    def _covered(self) -> int:
        """How much of the input may not change: of lines those that were read, else all that was looked at."""
        if self.text:
            return int(self.job.position[0]) if self.job.position else 0
        return os.lseek(self.source.fileno(), 0, os.SEEK_CUR)

    def held(self) -> list[dict[str, Any]]:
        """The states of the engines at this moment."""
        return [engine._held() for engine in self.engines]

    def save(self, held: list[dict[str, Any]]) -> None:
        """Put the job with these states into the file."""
        if self.path:
            save(self.path, blob_of(self.job, held, self.limits))
            self.next = self._next()
