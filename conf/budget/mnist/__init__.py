"""What `budget=` means for the images of figure 5."""
