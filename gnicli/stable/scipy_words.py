"""`fit` and `fit_many` that also take SciPy's words for what is held: `fa`, `fb`, `floc` and `fscale`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable.fitting import maximum_likelihood
from gnicli.stable.fitting.censored_data import is_censored
from gnicli.stable.fitting.result import StableFit
from gnicli.stable.parameterization import NAMES

_WORDS = ("fa", "fb", "floc", "fscale")  # for NAMES, in order


def fit(
    samples: np.typing.ArrayLike,
    parameterization: str = "S1",
    fixed: Mapping[str, float] | None = None,
    *,
    fa: float | None = None,
    fb: float | None = None,
    floc: float | None = None,
    fscale: float | None = None,
    weights: np.typing.ArrayLike | None = None,
    weight_kind: str = "frequency",
    censored: Any = None,
    **options: Any,
) -> StableFit:
    """Fit a stable law, alpha in [0.2, 2], by maximum likelihood.

    samples: at least 50 real numbers (NumPy, torch or a sequence; any shape, taken flat). Masked values are left out.
    Or a `scipy.stats.CensoredData`, as SciPy's own fits take it.
    parameterization: "S1" or "S0", as in `StableLaw`: what the fitted loc means, and a loc that is held.
    fixed: values for any of alpha, beta, loc, scale that are not to be fitted, as in {"beta": 0.0}.
    fa, fb, floc, fscale: the same four values by SciPy's words. One that is held by both words is an error.
    weights: a number >= 0 for each sample, which says how often it counts in the log-likelihood Σ weight · log pdf.
    Samples of weight 0 are left out, and may be anything. Integer weights give what repeated samples give.
    weight_kind: what the weights are, and so what the standard errors are. "frequency": counts of equal samples; the
    standard errors are those of Σ weight samples, by the observed information. "importance": a sample of another law,
    or a survey, is weighted to stand for this one; the size of the weights does not count (they are taken to mean 1),
    and the standard errors are those of the sandwich H⁻¹ (Σ weight² s sᵀ) H⁻¹ with the scores s of the samples.
    censored: further samples that are known by intervals alone: a `scipy.stats.CensoredData`, or (n, 2) numbers, of
    which one of a pair may be infinite. Their likelihood is F(high) − F(low). Such a fit takes a tenth of a second to
    some seconds, and has no weights and no profile intervals.
    exact: False takes the maximum on fixed nodes for every law, without the second search that the exact one takes
    for alpha below 0.8, for beta near ±1 and next to the normal law. Alpha was seen to be off by up to 0.09 below 0.8,
    and there by up to 0.002 for beta from -0.3 to 0.3; by up to 0.013 above 0.8 for beta within 0.1 of ±1; by 1e-4
    elsewhere.

    Returns a `StableFit`: parameters and standard errors in the unit of the samples.
    Raises `DataError` for values that are not finite, `UsageError` for wrong arguments. Raises `NumericalError` for
    fewer than 50 samples, for samples without spread, for so many equal values that the likelihood has no maximum,
    and where no law with what is held gives the samples a likelihood above 0.
    Reference for the likelihood and its information: W. H. DuMouchel, Annals of Statistics 1 (1973), 948-957.

    >>> from gnicli.stable import StableLaw, fit
    >>> x = StableLaw(1.5, 0.5).rvs(10_000, np.random.default_rng(0))
    >>> found = fit(x)
    >>> round(found.alpha, 2), round(found.alpha_stderr, 3)
    (1.51, 0.015)
    >>> fit(x, fb=0.5, floc=0.0).held
    ('beta', 'loc')
    >>> fit(x[:5000], weights=np.arange(5000) % 3).n
    4999
    """
    held = _held(fixed, (fa, fb, floc, fscale))
    if censored is not None or is_censored(samples):
        from gnicli.stable.fitting.censored import fit_censored

        if weights is not None:
            raise UsageError("weights are for samples that are not censored: repeat those that are")
        return fit_censored(samples, censored, parameterization, dict(held or {}))
    options |= {"weights": weights, "weight_kind": weight_kind}
    return maximum_likelihood.fit(samples, parameterization, held, **options)


def fit_many(
    list_of_samples: Iterable[np.typing.ArrayLike],
    parameterization: str = "S1",
    fixed: Mapping[str, float] | None = None,
    *,
    fa: float | None = None,
    fb: float | None = None,
    floc: float | None = None,
    fscale: float | None = None,
    weights: Iterable[np.typing.ArrayLike | None] | None = None,
    weight_kind: str = "frequency",
    **options: Any,
) -> list[StableFit]:
    """`fit` for each of several samples (the layers of a network), sharing the work.

    list_of_samples: as in `fit`, each of any size from 50 on. weights: those of each sample, or None for one without.
    The other arguments hold for all of them.
    Returns the fits in order, [] for none. Raises as `fit` does; the message names the sample by its number, from 0.

    >>> from gnicli.stable import StableLaw, fit_many
    >>> rng = np.random.default_rng(0)
    >>> found = fit_many([StableLaw(alpha, 0.0).rvs(5000, rng) for alpha in (1.2, 1.8)], fb=0.0)
    >>> [round(each.alpha, 1) for each in found]
    [1.2, 1.8]
    """
    held = _held(fixed, (fa, fb, floc, fscale))
    options |= {"weights": weights, "weight_kind": weight_kind}
    return maximum_likelihood.fit_many(list_of_samples, parameterization, held, **options)


def _held(fixed: Mapping[str, float] | None, values: tuple[float | None, ...]) -> Mapping[str, float] | None:
    """`fixed` with what was given by SciPy's words. Raises `UsageError` for what both give."""
    held = dict(fixed or {})
    for name, word, value in zip(NAMES, _WORDS, values, strict=True):
        if value is None:
            continue
        if name in held:
            raise UsageError(f"hold {name} by one word: it is given by both fixed and {word}")
        held[name] = value
    return held
