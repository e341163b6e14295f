"""Bodies in and out."""
