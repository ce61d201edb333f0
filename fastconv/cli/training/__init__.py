"""What ``fastconv train`` is made of: its settings, what they stand for, and the folder of a run."""
