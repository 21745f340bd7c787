"""Measures of gradient noise, one package for each subject: `layers`, `growth`, `averages` (layer 2c)."""
