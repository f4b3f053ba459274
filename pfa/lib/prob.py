"""prob.dist.*: density (PDF), distribution function (CDF) and quantile function (QF) of the common distributions.

The functions stand by family in `pfa.lib.distributions`; importing this module defines them all.
"""

from __future__ import annotations

from pfa.lib.distributions import beta, counts, elementary, gamma, hypergeometric

FAMILIES = (elementary, gamma, beta, counts, hypergeometric)
