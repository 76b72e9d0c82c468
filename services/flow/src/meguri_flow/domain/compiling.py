"""How kernels are compiled: to run beside other threads, and kept where the process says that they may be."""

from numba import config, njit

kernel = njit(nogil=True, cache=bool(config.CACHE_DIR))  # type: ignore[attr-defined]  # made from the environment
"""Decorates a function that numba compiles."""
