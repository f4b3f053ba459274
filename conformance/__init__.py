"""The conformance suites of PFA 0.8.1: data that any implementation can run, and the runner for this one.

`python -m conformance` runs the suite that stands in this folder, `python -m conformance FILE` one in the
official format.  README.md describes both formats.
"""
