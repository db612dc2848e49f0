"""Interpretation: why a model predicts what it does."""
