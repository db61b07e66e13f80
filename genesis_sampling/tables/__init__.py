"""What a table is: its columns, its encoding, its container, its neighbours."""

from .encoder import TableEncoder
from .neighbors import TableNeighbors
from .schema import Column, ColumnKind, TableSchema, infer_schema

__all__ = ["Column", "ColumnKind", "TableEncoder", "TableNeighbors", "TableSchema", "infer_schema"]
