"""Figures of a run, and one self-contained HTML page with all of them."""
