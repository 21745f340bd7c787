"""Potentials f of the model dw = −∇f(w) dt + ε dL; a component is one file."""
