"""The tempered stable law: a stable law whose large jumps are rarer by exponential factors."""

from gnicli.stable.tempered.fitting import TemperedFit, TemperingTest, fit_tempered, tempering_test
from gnicli.stable.tempered.law import TemperedStableLaw

__all__ = ["TemperedFit", "TemperedStableLaw", "TemperingTest", "fit_tempered", "tempering_test"]
