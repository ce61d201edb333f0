"""The kernels of `src/` written twice more: vectorised (`numpy`) and as plain loops (`python`).

Both have the names, parameters and results of the compiled kernels, one file per file of `src/`. They are the
oracle of the tests, the backend where no extension was built, and what `fastconv bench` compares with.
"""
