"""Changes of distribution (stat.change.*); `pfa.lib.stat.change` has the meaning."""

from __future__ import annotations

from pfa.targets.kernel.language import f64, fail, i64, inline, ld, sqrt, st
from pfa.targets.kernel.lib.records import copied, number, one_more


def stat_change_updateTrigger(
    ctx: i64, predicate: bool, history: i64, fields_1: i64, field_numEvents_1: i64, field_numRuns_1: i64,
    field_currentRun_1: i64, field_longestRun_1: i64,
) -> i64:  # fmt: skip
    events = ld(history + field_numEvents_1)
    runs = ld(history + field_numRuns_1)
    current = ld(history + field_currentRun_1)
    longest = ld(history + field_longestRun_1)
    if events < 0 or runs < 0 or current < 0 or longest < 0:
        fail(ctx, 37000)
    out = copied(ctx, history, fields_1)
    if not predicate:
        st(out + field_currentRun_1, 0)
        return out
    run = one_more(current)
    st(out + field_numEvents_1, one_more(events))
    st(out + field_numRuns_1, runs if current != 0 else one_more(runs))
    st(out + field_currentRun_1, run)
    st(out + field_longestRun_1, max(run, longest))
    return out


@inline
def stat_change_zValue__n2(
    x: f64, sample: i64, field_mean_1: i64, kind_field_mean_1: i64, field_variance_1: i64, kind_field_variance_1: i64
) -> f64:
    mean = number(ld(sample + field_mean_1), kind_field_mean_1)
    return (x - mean) / sqrt(number(ld(sample + field_variance_1), kind_field_variance_1))


@inline
def stat_change_zValue__n3(
    x: f64, sample: i64, unbiased: bool, field_mean_1: i64, kind_field_mean_1: i64, field_variance_1: i64,
    kind_field_variance_1: i64, field_count_1: i64, kind_field_count_1: i64,
) -> f64:  # fmt: skip
    z = stat_change_zValue__n2(x, sample, field_mean_1, kind_field_mean_1, field_variance_1, kind_field_variance_1)
    count = number(ld(sample + field_count_1), kind_field_count_1)
    return z * sqrt(count / (count - 1.0)) if unbiased else z


@inline
def stat_change_updateCUSUM(ratio: f64, last: f64, reset: f64) -> f64:
    total = ratio + last
    return total if total > reset else reset
