"""What can be known of a row; without numpy, for those who only name it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that is known of a row. `is_choice`: a text, else a number. `sign`: 1 when more of it can only make
    leaving likelier, -1 when less likely, 0 when it may be either. `unit` follows its number in words."""

    name: str
    label: str
    is_choice: bool = False
    sign: int = 0
    unit: str = ""
