"""The comparison of backends: its shapes, its table, its files and its exit codes."""
