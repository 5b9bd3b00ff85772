"""Figures as users of other tools know them."""
