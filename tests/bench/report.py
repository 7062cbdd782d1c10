"""A bench's result as a section of docs/benchmarks.md."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Section:
    """A table and what it says. Figures are ratios within one run; absolute ones only show the size of things."""

    title: str
    head: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"## {self.title}", "", _line(self.head), _line(["---"] * len(self.head)), *map(_line, self.rows), ""]
        return "\n".join([*lines, *(f"- {note}" for note in self.notes), ""])


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
