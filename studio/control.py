"""What can be set, declared once: the page, the command line, the API and the documents are built from it."""

import math
from dataclasses import dataclass
from typing import Any, Literal

from studio.errors import BadControl
from studio.words import Words

Value = str | int | float | bool
Group = Literal["basic", "timbre", "refining", "sampling", "expert"]


@dataclass(frozen=True)
class Control:
    """One declared setting of an engine or a recogniser."""

    name: str
    kind: Literal["number", "integer", "choice", "switch", "text"]
    default: Value
    label: Words
    help: Words  # what one hears when it goes up and down
    low: float = -math.inf
    high: float = math.inf
    step: float = 0.0  # of a slider; 0 leaves it to the face
    unit: str = ""
    choices: tuple[tuple[str, Words], ...] = ()  # of a choice: value and label
    group: Group = "basic"
    held: bool = False  # a text that, left empty, stands for what the weights hold; the engine can tell it (`Holds`)

    def check(self, value: Any) -> Value:
        """`value` in this control's type, or `BadControl` with the range in its text."""
        where = f"controls.{self.name}"
        if self.kind == "switch":
            if isinstance(value, bool):
                return value
        elif self.kind == "choice":
            if value in (names := [name for name, _ in self.choices]):
                return str(value)
            raise BadControl(
                f"{self.name} “{value}”: takes one of {', '.join(names)}",
                f"{self.label.zh} {self.name}“{value}”：可选 {'、'.join(names)}",
                where=where,
            )
        elif self.kind == "text":
            if isinstance(value, str) and len(value) <= self.high:
                return value
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high:
            if self.kind == "number":
                return float(value)
            if float(value).is_integer():
                return int(value)
        raise BadControl(
            f"{self.name} {value}: takes {self.span('en')}",
            f"{self.label.zh} {self.name} {value}：应为{self.span('zh')}",
            where=where,
            low=self.low,
            high=self.high,
        )

    def span(self, language: str) -> str:
        """The permitted values in words: `0.5 to 2.0`."""
        kinds = {
            "switch": Words("on or off (true, false)", "开或关（true、false）"),
            "text": Words(f"a text of at most {self.high:g} characters", f"不超过 {self.high:g} 个字符的文字"),
            "integer": Words(f"a whole number, {self.low:g} to {self.high:g}", f"{self.low:g} 到 {self.high:g} 的整数"),
            "number": Words(f"{self.low:g} to {self.high:g}", f" {self.low:g} 到 {self.high:g}"),
            "choice": Words(", ".join(n for n, _ in self.choices), "、".join(n for n, _ in self.choices)),
        }
        unit = f" {self.unit}" if self.unit and self.kind in ("number", "integer") else ""
        return kinds[self.kind].text(language) + unit
