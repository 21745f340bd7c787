"""Networks whose layers are one neuron wide: all their quantities are functions of L normal numbers."""
