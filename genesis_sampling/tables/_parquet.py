"""Parquet files through pyarrow: every column keeps its type."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from .._optional import import_extra
from ..exceptions import DataError
from .files import SYNTHETIC_COLUMN, FileTable, OutputRows

__all__ = ["ParquetTable", "write_frame"]
