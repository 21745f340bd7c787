"""gni: measure what Gaussian noise injections do to gradients and to training."""

__version__ = "0.1.0"
