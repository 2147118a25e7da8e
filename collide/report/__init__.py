"""Findings to text, JSON and annotations: one module for each format."""
