"""Stationary laws, computed: the exact one of (4.3), Gibbs's, and that of a scheme at its step."""
