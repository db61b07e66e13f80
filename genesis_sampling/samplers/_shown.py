"""The items that a report shows."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from ..reports._items import ItemPairs, kind_of
from ..tables.items import ITEM
from .data import ResamplePlan, SamplingData

__all__ = ["shown_pairs"]

# Made items of a class that a report keeps: enough for all pictures.
SHOWN = 40


def shown_pairs(data: SamplingData, plan: ResamplePlan, sampler: Any) -> ItemPairs | None:
    """The first made items of each class with their sources, for the report: real ones as references, not as copies.

    Sources are drawn at random, so the first are as good as any. The batches that they are of can be freed.
    Images that come from no single one stand beside real ones of their class.
    """
    codes = range(len(data.target.classes))
    chosen = np.concatenate([np.flatnonzero(plan.new_codes == code)[:SHOWN] for code in codes])
    if not len(chosen):
        return None
    of_chosen = plan.new_codes[chosen]
    sources = plan.new.sources[chosen]
    is_paired = bool((sources >= 0).all())
    if not is_paired:
        sources = np.concatenate(
            [np.resize(data.target.positions_of(code), int((of_chosen == code).sum())) for code in codes]
        )
    cells = data.table.frame[ITEM].array
    real = [cells[source] for source in sources.tolist()]
    made = plan.new.frame[ITEM].iloc[chosen].tolist()
    sample_rate = getattr(sampler, "sample_rate", None)
    kind = getattr(sampler, "_item_kind", None) or kind_of(real + made, sample_rate)
    if kind is None or not (is_paired or kind == "image"):
        return None
    counts = np.bincount(plan.new_codes, minlength=len(codes)).tolist()
    return ItemPairs(
        cast(str, kind),
        real,
        made,
        [data.target.classes[code] for code in of_chosen.tolist()],
        sample_rate,
        dict(zip(data.target.classes, counts, strict=True)),
        is_paired,
    )
