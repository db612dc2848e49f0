"""Tracks: the track table, and the transforms between coverage and the scale that models learn."""
