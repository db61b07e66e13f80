"""The same samplers on tables larger than one machine's memory, through Dask."""

from .._optional import import_extra

import_extra("dask.dataframe", extra="dask", needed_for="Resampling a Dask DataFrame")
import_extra("distributed", extra="dask", needed_for="Resampling a Dask DataFrame")

from .cluster import computing  # noqa: E402
from .reading import FolderTable, read_folder  # noqa: E402
from .resampling import resample  # noqa: E402
from .writing import write_folder  # noqa: E402

__all__ = ["FolderTable", "computing", "read_folder", "resample", "write_folder"]
