"""What `protocol=` means for the images of figure 5."""
