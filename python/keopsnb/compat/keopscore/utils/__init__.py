"""`keopscore.utils`."""
