"""Kernels: compiled code over flat values, for the CPU now and for GPUs from the same source."""
