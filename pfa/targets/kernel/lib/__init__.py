"""The library as kernels: files of kernel language, which `pfa.targets.kernel.front` compiles."""
