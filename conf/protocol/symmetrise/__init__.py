"""What `protocol=` means for the mirrored draws."""
