"""The choices of `track=`: what is measured along training."""
