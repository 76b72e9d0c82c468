"""The streaming core: detections in, visits out."""
