"""What a sample says about the law behind it: comparisons, tests, block sums, and a sentence (layer 2b)."""
