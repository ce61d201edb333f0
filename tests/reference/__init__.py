"""The two twins of the kernels: the same functions as the compiled ones, and the vectorised one against its peers."""
