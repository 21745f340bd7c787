"""The extended envelope property of activation functions (Definition 3.3): between linear bounds."""
