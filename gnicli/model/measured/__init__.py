"""Laws of the gradient noise measured by layer, made the noise of the model, and compared with training itself."""
