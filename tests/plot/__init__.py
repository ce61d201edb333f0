"""Pictures: what is drawn, and that nothing else is touched."""
