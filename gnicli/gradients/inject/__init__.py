"""The choices of `inject=`: what is added to the gradient of the M-draw objective (figure 4)."""
