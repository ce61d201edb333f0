"""Every option of torch that is in scope: compared with torch, or a reason why it is not offered.

`python -m tests.features` makes `docs/features.md` of the tables here, after every comparison has passed.
"""
