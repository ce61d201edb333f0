"""The page about a run: what is on it, and that a browser shows it."""
