"""The tail of the mean gradient over a batch (Theorem 3.2): `measure=averages`."""
