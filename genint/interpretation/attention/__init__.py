"""The attention of every layer and head: maps, summaries, worth, files."""
