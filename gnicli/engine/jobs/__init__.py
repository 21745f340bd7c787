"""The jobs of a sweep: their words, the processes that they run in, how far they are, and how they ended."""
