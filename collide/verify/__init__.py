"""Predictions compared with the real loader, which runs code of the wheel and the host."""
