"""The same samplers on tables larger than one machine's memory, through Dask."""

from .._optional import import_extra

import_extra("dask.dataframe", extra="dask", needed_for="Resampling a Dask DataFrame")

from .resampling import resample  # noqa: E402

__all__ = ["resample"]
