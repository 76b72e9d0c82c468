"""The streaming core: detections in, visits out."""

from meguri_flow.kernel_cache import keep_kernels

keep_kernels()
