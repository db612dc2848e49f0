"""Training: a data set in, a model folder out."""
