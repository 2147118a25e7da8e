"""Predictions compared with the real loader."""
