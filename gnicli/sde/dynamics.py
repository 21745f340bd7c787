"""What moves chains: the increments of the noise and the scheme, which have to agree on where the centering is."""

from __future__ import annotations

from gnicli import checks
from gnicli.contracts.components import Potential
from gnicli.sde import coordinates
from gnicli.sde import scheme as schemes
from gnicli.sde.choices import DRIFTS
from gnicli.sde.drift import Drift, centering
from gnicli.sde.drift.by_coordinate import DriftByCoordinate
from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.drift.fractional_flow import FractionalDrift
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.scheme import Scheme


def dynamics(
    drift: str,
    potential: Potential,
    noise: LevyNoise,
    scheme: str = "strang",
    h: float | None = None,
    K: int | None = None,
    order: int = 2,
    steady: bool = True,
) -> tuple[Increments, Scheme]:
    """Those of a drift by its name; `h`, `K`, `order` and `steady` are for the fractional one. Raises `UsageError`.

    `steady` says that all steps have one length.
    """
    checks.choice("drift", drift, DRIFTS)
    if drift == "fractional":
        return _fractional(potential, noise, scheme, h, K, order, steady)
    return _gradient(potential, noise, scheme)


def _gradient(potential: Potential, noise: LevyNoise, scheme: str) -> tuple[Increments, Scheme]:
    """The increments and the scheme of (4.3). For Strang's scheme a strong centering of the noise is in the drift.

    For other schemes its place makes no difference (`tamed` is for comparison only).
    """
    winds = _winds(potential, noise, scheme)
    drift = GradientDrift(centering.tilted(potential, winds))
    return Increments(noise, potential.dimension, winds), schemes.build(scheme, drift)


def _fractional(
    potential: Potential, noise: LevyNoise, scheme: str, h: float | None, K: int | None, order: int, steady: bool
) -> tuple[Increments, Scheme]:
    """The increments and the scheme of (4.6), whose drift restores the Gibbs law, in every coordinate its own.

    The drift is computed by quadrature, or as the sum b_{h,K} of an `order`.
    """

    def one(part: Potential, own: LevyNoise) -> FractionalDrift:
        return FractionalDrift(FractionalForce(part, own, h, K, order), _winds(part, own, scheme)[0], steady)

    drifts = coordinates.for_each(potential, noise, one)
    winds = [drift.wind for drift in drifts]
    drift: Drift = drifts[0] if len(drifts) == 1 else DriftByCoordinate(potential, drifts)
    return Increments(noise, potential.dimension, winds), schemes.build(scheme, drift)


def _winds(potential: Potential, noise: LevyNoise, scheme: str) -> tuple[float, ...]:
    return centering.winds(potential, noise) if scheme == "strang" else (0.0,) * potential.dimension
