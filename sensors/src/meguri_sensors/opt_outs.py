"""The town's opt-out list: whose frames a sensor does not read."""

from __future__ import annotations

from dataclasses import dataclass, field

from meguri_proto.pseudonyms import KEY_BYTES, opt_out_mark


@dataclass(frozen=True)
class OptOuts:
    """Marks of addresses under the list's own key, as ingest hands them out."""

    key: bytes = field(repr=False)
    """32 bytes."""
    marks: frozenset[bytes] = field(repr=False)
    """16 bytes each."""

    def holds(self, address: bytes) -> bool:
        """Whether the owner of this address (6 bytes) has opted out."""
        return opt_out_mark(self.key, address) in self.marks


NOBODY = OptOuts(bytes(KEY_BYTES), frozenset())
"""An empty list."""
