"""What the layers hand to one another: protocols of components, and named tuples of plain data."""
