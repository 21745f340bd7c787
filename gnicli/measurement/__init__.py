"""Measures of the noise that a network's gradients and activations carry: assemblies above gradients and evidence."""
