"""Every kernel, for every instruction set that this CPU runs and for both element types, against the plain loops."""
