"""What `protocol=` means for the sinusoids."""
