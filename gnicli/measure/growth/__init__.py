"""The growth of moments with their order (Lemma 3.1, Theorem 3.1): `measure=exponents`."""
