"""The file beside a sound that says how it came to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import yaml

from meguri_qrguide.content.text_files import DIGEST
from meguri_qrguide.content.yaml_values import YamlValues

LONGEST_S = 3_600.0


class MadeBy(StrEnum):
    """Who speaks."""

    ENGINE = "speech engine"
    RECORDING = "recording"


@dataclass(frozen=True)
class SoundFacts:
    """What is known of a sound."""

    made_by: MadeBy
    seconds: float
    says: str = ""
    """The digest of the text spoken; empty if not known."""

    def written(self) -> str:
        """The file's text, which `parse_sound_facts` reads as the same."""
        said = {"made_by": self.made_by.value, "seconds": round(self.seconds, 3)}
        return yaml.safe_dump(said | ({"says": self.says} if self.says else {}), sort_keys=False)


def parse_sound_facts(text: str, path: str) -> SoundFacts:
    """What the file's text says; `path` is the file, for problems.

    Raises:
        ContentError: it lacks something, or has something unknown.
    """
    values = YamlValues(path)
    fields = values.fields(values.mapping_of(text), ("made_by", "seconds"), ("says",))
    return SoundFacts(
        MadeBy(values.one_of(fields["made_by"], [each.value for each in MadeBy])),
        values.decimal(fields["seconds"], 0, LONGEST_S),
        values.matching(fields["says"], DIGEST, "16 digits of 0-9 and a-f") if "says" in fields else "",
    )
