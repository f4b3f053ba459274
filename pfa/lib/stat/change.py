"""stat.change.*: has the distribution that a stream of data comes from changed?"""

from __future__ import annotations

from pfa.lib.define import Fail, Site, define
from pfa.lib.primitives import divide, sqrt
from pfa.lib.stat.states import State, changed, counted


@define(
    "stat.change.updateTrigger",
    "(predicate: boolean, history: any record A with {numEvents: int, numRuns: int, currentRun: int, longestRun: int}) -> A",
    errors={"counter out of range": 37000},
)
def update_trigger(predicate: bool, history: State, *, fail: Fail, site: Site) -> State:
    """Return `history` with one more observation of whether something happened.

    numEvents: how often it has; numRuns: in how many runs without a break, this one included; currentRun: the
    length of this run, 0 if it did not happen now; longestRun: that of the longest one.  Other fields stay as
    they are.

    stat.change.updateTrigger(true, {"type": {"type": "record", "name": "History", "fields": [{"name": "numEvents", "type": "int"}, {"name": "numRuns", "type": "int"}, {"name": "currentRun", "type": "int"}, {"name": "longestRun", "type": "int"}]}, "value": {"numEvents": 4, "numRuns": 2, "currentRun": 0, "longestRun": 3}}) -> {"numEvents": 5, "numRuns": 3, "currentRun": 1, "longestRun": 3}
    stat.change.updateTrigger(false, {"type": {"type": "record", "name": "History", "fields": [{"name": "numEvents", "type": "int"}, {"name": "numRuns", "type": "int"}, {"name": "currentRun", "type": "int"}, {"name": "longestRun", "type": "int"}]}, "value": {"numEvents": 5, "numRuns": 3, "currentRun": 1, "longestRun": 3}}) -> {"numEvents": 5, "numRuns": 3, "currentRun": 0, "longestRun": 3}
    stat.change.updateTrigger(true, {"type": {"type": "record", "name": "History", "fields": [{"name": "numEvents", "type": "int"}, {"name": "numRuns", "type": "int"}, {"name": "currentRun", "type": "int"}, {"name": "longestRun", "type": "int"}]}, "value": {"numEvents": 4, "numRuns": -2, "currentRun": 0, "longestRun": 3}}) -> error 37000
    """
    events, runs = history["numEvents"], history["numRuns"]
    current, longest = history["currentRun"], history["longestRun"]
    if min(events, runs, current, longest) < 0:
        fail("counter out of range")
    if not predicate:
        return changed(history, site, currentRun=0)
    run = counted(current)
    return changed(
        history,
        site,
        numEvents=counted(events),
        numRuns=runs if current else counted(runs),
        currentRun=run,
        longestRun=max(run, longest),
    )


@define(
    "stat.change.zValue",
    "(x: double, meanVariance: any record A with {mean: double, variance: double}) -> double",
    "(x: double, meanVariance: any record A with {count: double, mean: double, variance: double}, unbiased: boolean) -> double",
)
def z_value(x: float, meanVariance: State, unbiased: bool = False) -> float:
    """Return how many standard deviations `x` is above the mean of a record that `stat.sample.update` made.

    unbiased: multiply by sqrt(count/(count - 1)) (Bessel's correction), since the variance about the mean of the
    same data is too small.

    stat.change.zValue(7.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}, "value": {"mean": 3.0, "variance": 4.0}}) -> 2.0
    stat.change.zValue(7.0, {"type": {"type": "record", "name": "Sample", "fields": [{"name": "count", "type": "double"}, {"name": "mean", "type": "double"}, {"name": "variance", "type": "double"}]}, "value": {"count": 2.0, "mean": 3.0, "variance": 4.0}}, true) -> 2.8284271247461903
    """
    z = divide(x - meanVariance["mean"], sqrt(meanVariance["variance"]))
    if not unbiased:
        return z
    count = float(meanVariance["count"])
    return z * sqrt(divide(count, count - 1.0))


@define(
    "stat.change.updateCUSUM",
    "(logLikelihoodRatio: double, last: double, reset: double) -> double",
)
def update_cusum(logLikelihoodRatio: float, last: float, reset: float) -> float:
    """Return the next cumulative sum: `last` plus `logLikelihoodRatio`, but not below `reset`.

    logLikelihoodRatio: log-likelihood of the new value if the change has come, less that if it has not; see
    `prob.dist.gaussianLL`.
    last: what this function returned before.
    reset: where the sum starts again, usually 0, so that it does not become too low to notice a change.

    stat.change.updateCUSUM(1.5, 2.0, 0.0) -> 3.5
    stat.change.updateCUSUM(-2.5, 2.0, 0.0) -> 0.0
    """
    total = logLikelihoodRatio + last
    return total if total > reset else reset
