"""What a resampling did, as plain data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["AugmentationReport"]


@dataclass
class AugmentationReport:
    """Counts, choices and time of one resampling.

    Parameters
    ----------
    sampler : str
        Class name of the sampler.
    counts_before, counts_after : dict
        Rows of each class before and after.
    n_generated : int
        Candidate rows that were made, the rejected ones included.
    n_accepted : int
        Candidate rows that are part of the result.
    n_removed : int
        Real rows that are not part of the result.
    rejected : dict of str to int
        Candidates that were turned down, by reason.
    choices : dict
        What the sampler decided by itself, such as the generator of each class.
    seconds : float
        Wall time.
    """

    sampler: str
    counts_before: dict[Any, int]
    counts_after: dict[Any, int]
    n_generated: int = 0
    n_accepted: int = 0
    n_removed: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    choices: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The report as nested plain containers."""
        return asdict(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The report as JSON; class labels become strings."""
        return json.dumps(_with_text_keys(self.to_dict()), indent=indent, default=str)

    def __str__(self) -> str:
        lines = [
            f"{self.sampler}: {sum(self.counts_before.values())} rows in, {sum(self.counts_after.values())} out"
        ]
        for label, before in self.counts_before.items():
            lines.append(f"  class {label!r}: {before} -> {self.counts_after.get(label, 0)}")
        lines.append(
            f"  {self.n_accepted} new rows of {self.n_generated} generated, {self.n_removed} rows removed"
        )
        lines += [f"  rejected, {reason}: {count}" for reason, count in self.rejected.items()]
        lines += [f"  {name}: {choice}" for name, choice in self.choices.items()]
        return "\n".join([*lines, f"  {self.seconds:.2f} seconds"])


def _with_text_keys(value: Any) -> Any:
    """JSON knows only text as keys."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return value
