"""Kernel density estimates of large, heavy-tailed, weighted samples."""
