"""The names of all library functions, so that a misspelled one can be found without loading the library.

Place in the pipeline: the checker's suggestions.  Invariant: the names that `pfa.lib.table.everything` has (a test
compares them).
"""

from __future__ import annotations

_NAMES = {
    "": "+ - * / // u- % %% ** cmp == >= > != < <= max min && || ^^ ! &&& ||| !!! & | ^ ~",
    "m": (
        "pi e abs acos asin atan atan2 ceil copysign cos cosh exp expm1 floor hypot ln log10 log ln1p round "
        "rint signum sin sinh sqrt tan tanh"
    ),
    "m.special": "nChooseK lnBeta erf erfc lnGamma",
    "m.link": "softmax logit probit cloglog loglog cauchit softplus relu tanh",
    "m.kernel": "linear rbf poly sigmoid",
    "la": "map scale zipmap add sub dot transpose inverse trace det symmetric eigenBasis truncate",
    "metric": (
        "simpleEuclidean absDiff gaussianSimilarity euclidean squaredEuclidean chebyshev taxicab minkowski "
        "simpleMatching jaccard tanimoto binarySimilarity"
    ),
    "rand": "int long float double choice choices sample histogram string bytes uuid uuid4 gaussian",
    "s": (
        "len substr substrto contains count index rindex startswith endswith join split hex int number "
        "concat repeat lower upper lstrip rstrip strip replaceall replacefirst replacelast translate"
    ),
    "re": (
        "index contains count rindex groups indexall findall findfirst findgroupsfirst findgroupsall "
        "groupsall replacefirst replacelast split replaceall"
    ),
    "parse": "int long float double",
    "cast": (
        "signed unsigned int long float double fanoutBoolean fanoutInt fanoutLong fanoutFloat fanoutDouble "
        "avro json"
    ),
    "a": (
        "len subseq head tail last init subseqto contains count index rindex startswith endswith concat "
        "append cycle insert replace remove rotate sort sortLT shuffle reverse max min maxLT minLT maxN "
        "minN maxNLT minNLT argmax argmin argmaxLT argminLT argmaxN argminN argmaxNLT argminNLT sum product "
        "lnsum mean geomean median ntile mode logsumexp distinct seteq union intersection diff symdiff "
        "subset disjoint map mapWithIndex filter filterWithIndex filterMap filterMapWithIndex flatMap "
        "flatMapWithIndex zipmap zipmapWithIndex reduce reduceRight fold foldRight takeWhile dropWhile any "
        "all corresponds correspondsWithIndex slidingWindow combinations permutations flatten groupby"
    ),
    "map": (
        "len keys values containsKey containsValue add remove only except update split join argmax argmin "
        "argmaxLT argminLT argmaxN argminN argmaxNLT argminNLT toset fromset in union intersection diff "
        "symdiff subset disjoint map mapWithKey filter filterWithKey filterMap filterMapWithKey flatMap "
        "flatMapWithKey zipmap zipmapWithKey corresponds correspondsWithKey"
    ),
    "bytes": (
        "len subseq subseqto isAscii isLatin1 isUtf8 isUtf16 isUtf16be isUtf16le decodeAscii decodeLatin1 "
        "decodeUtf8 decodeUtf16 decodeUtf16be decodeUtf16le encodeAscii encodeLatin1 encodeUtf8 encodeUtf16 "
        "encodeUtf16be encodeUtf16le toBase64 fromBase64"
    ),
    "fixed": "toBytes fromBytes",
    "enum": "toString toInt numSymbols",
    "time": (
        "year monthOfYear dayOfYear dayOfMonth dayOfWeek hourOfDay minuteOfHour secondOfMinute "
        "makeTimestamp isSecondOfMinute isMinuteOfHour isHourOfDay isDayOfWeek isDayOfMonth isMonthOfYear "
        "isDayOfYear isWeekend isWorkHours"
    ),
    "impute": "errorOnNull defaultOnNull isnan isinf isnum errorOnNonNum defaultOnNonNum",
    "interp": "bin nearest linear linearFlat linearMissing",
    "prob.dist": (
        "gaussianLL gaussianCDF gaussianQF exponentialPDF exponentialCDF exponentialQF chi2PDF chi2CDF "
        "chi2QF poissonPDF poissonCDF poissonQF gammaPDF gammaCDF gammaQF betaPDF betaCDF betaQF cauchyPDF "
        "cauchyCDF cauchyQF fPDF fCDF fQF lognormalPDF lognormalCDF lognormalQF tPDF tCDF tQF binomialPDF "
        "binomialCDF binomialQF uniformPDF uniformCDF uniformQF geometricPDF geometricCDF geometricQF "
        "hypergeometricPDF hypergeometricCDF hypergeometricQF weibullPDF weibullCDF weibullQF "
        "negativeBinomialPDF negativeBinomialCDF negativeBinomialQF"
    ),
    "stat.test": "kolmogorov residual pull mahalanobis updateChi2 reducedChi2 chi2Prob",
    "stat.sample": (
        "update updateCovariance updateWindow updateEWMA updateHoltWinters updateHoltWintersPeriodic "
        "forecast1HoltWinters forecastHoltWinters fillHistogram fillHistogram2d fillCounter topN"
    ),
    "stat.change": "updateTrigger zValue updateCUSUM",
    "model.reg": (
        "linear linearVariance gaussianProcess residual pull mahalanobis updateChi2 reducedChi2 chi2Prob"
    ),
    "model.tree": "simpleTest missingTest compoundTest surrogateTest simpleWalk missingWalk simpleTree",
    "model.cluster": "closest closestN randomSeeds kmeansIteration updateMean",
    "model.neighbor": "mean nearestK ballR",
    "model.naive": "gaussian multinomial bernoulli",
    "model.neural": "simpleLayers",
    "model.svm": "score",
}

NAMES = tuple(f"{space}.{name}" if space else name for space, names in _NAMES.items() for name in names.split())
