"""What `budget=` means for the mirrored draws."""
