"""Why something was not accepted: one closed list for answers, metric labels and dead-letter headers."""

from enum import StrEnum


class RejectReason(StrEnum):
    """A reason; its value is the metric label, the dead letter's header and the word in the answer."""

    UNREADABLE = "unreadable"
    """The bytes are no message of the contract."""
    COLUMNS_DISAGREE = "columns_disagree"
    """A column's length is not the declared count times its width."""
    EMPTY = "empty"
    """A batch without detections."""
    UNKNOWN_SENSOR = "unknown_sensor"
    """The town's file names no such sensor (any more)."""
    WRONG_KEY_DAY = "wrong_key_day"
    """A detection's time is outside the key day that its batch names."""
    UNKNOWN_KEY = "unknown_key"
    """No key was ever handed out for this key day."""
    KEY_OUT_OF_STEP = "key_out_of_step"
    """The pseudonyms were made with another key than the town's key of that day."""
    DAY_SEALED = "day_sealed"
    """The key day ended so long ago that its pseudonyms are gone."""
    CLOCK_AHEAD = "clock_ahead"
    """A detection's time is further ahead of town time than a sensor's clock may lead."""
    RECORDING_IN_LIVE_TOWN = "recording_in_live_town"
    """A live town takes only what is heard now."""
    DAY_NOT_OPENED = "day_not_opened"
    """No rules of the key day stand before it in the log."""
    TOO_LARGE = "too_large"
    """More than one request, batch or message may hold."""
    UNKNOWN_KIND = "unknown_kind"
    """A detection of a kind that the contract does not name."""
