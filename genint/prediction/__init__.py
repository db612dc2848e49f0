"""Prediction: a job's tiles go through models on devices, and come back as tracks."""
