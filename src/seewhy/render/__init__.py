"""Pictures of explanations: matplotlib figures that are returned, and one self-contained page."""
