"""What a count counts."""

from enum import StrEnum


class Quantity(StrEnum):
    """What was counted in a span; the value stands in the column `quantity`."""

    PEOPLE = "people"
    """People who passed: a camera, a gate, the till of the cave, a hand counter."""
    WIFI_DEVICES = "wifi_devices"
    """Distinct Wi-Fi addresses that a counting sensor heard."""
    BLE_DEVICES = "ble_devices"
    """Distinct Bluetooth addresses that a counting sensor heard."""
    DETECTIONS = "detections"
    """Detections of a day whose pseudonyms are gone, counted where they were late."""
    DEVICES = "devices"
    """Distinct pseudonyms among those detections."""
