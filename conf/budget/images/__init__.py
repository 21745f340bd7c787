"""What `budget=` means for the images of figures 7 and 8."""
