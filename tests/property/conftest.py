"""Properties are judged by their outcome; how long an example takes is no property."""

from hypothesis import settings

settings.register_profile("meguri", deadline=None, print_blob=True)
settings.load_profile("meguri")
