"""The laws that a stable fit is compared with, on `scipy.stats` (between layers 0 and 1).

SciPy gives distribution functions, quantiles and draws (`base.Law`). What a bootstrap calls thousands of times stays
our own: fits, log-densities and logarithms of tails. `benchmarks/laws.py` prints the figures that stand beside them.
They were taken at 20 000 samples, on one thread, with SciPy 1.17.
"""

from gnicli.laws.base import Law
from gnicli.laws.gamma import Gamma
from gnicli.laws.half_cauchy import HalfCauchy
from gnicli.laws.half_normal import HalfNormal
from gnicli.laws.laplace import Laplace
from gnicli.laws.log_normal import LogNormal
from gnicli.laws.normal import Normal
from gnicli.laws.pareto import Pareto
from gnicli.laws.student import StudentT
from gnicli.laws.sub_weibull import SubWeibull
from gnicli.laws.weibull import Weibull

__all__ = [
    "Gamma",
    "HalfCauchy",
    "HalfNormal",
    "Laplace",
    "Law",
    "LogNormal",
    "Normal",
    "Pareto",
    "StudentT",
    "SubWeibull",
    "Weibull",
]
