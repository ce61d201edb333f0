"""Faults that attacks on the promises have found (tests/promises), one small file for each."""
