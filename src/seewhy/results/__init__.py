"""What rooms find beside explanations: frozen values, each with a page or a figure in render."""
