"""Measures of gradient noise and what they are made of: populations, statistics, controls (layer 2c)."""
