"""The tempered stable law: a stable law whose large jumps are rarer by exponential factors."""

from gnicli.stable.tempered.fitting import ALPHA_RANGE, TemperedFit, TemperingTest, fit_tempered, tempering_test
from gnicli.stable.tempered.law import TemperedStableLaw

__all__ = ["ALPHA_RANGE", "TemperedFit", "TemperedStableLaw", "TemperingTest", "fit_tempered", "tempering_test"]
