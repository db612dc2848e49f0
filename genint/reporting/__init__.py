"""Reporting: figures."""
