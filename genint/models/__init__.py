"""Models: DNA tokens in, one value per bin and track out."""
