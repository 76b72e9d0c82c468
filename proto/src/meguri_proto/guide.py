"""What a visitor does with the guide."""

from enum import StrEnum


class GuideEventKind(StrEnum):
    """A use of a sight, or of the guide; the value stands in the column `kind`."""

    OPENED = "opened"
    LISTENED = "listened"
    """To its sound, for `seconds`."""
    FINISHED = "finished"
    """Its sound or text was followed to the end."""
    RATED = "rated"
    """With a `rating` from 1 (poor) to 5 (good)."""
    STORED = "stored"
    """No use of a sight: the whole guide was stored on the phone, to be read without signal."""
