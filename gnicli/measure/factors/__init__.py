"""The two factors of a weight's gradient, ∂L̃/∂h̃_i and ∂h̃_i/∂W_i: their skewness, and that of their product."""
