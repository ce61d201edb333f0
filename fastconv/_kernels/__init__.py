"""The compiled kernels, one folder per instruction set and element type; filled by the build."""
