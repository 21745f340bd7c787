"""What `budget=` means for the sinusoids."""
