"""What is shown of runs: one in detail, two in what they differ, many by their settings."""
