"""What a table is: its columns, its encoding, its container."""

from .encoder import TableEncoder
from .schema import Column, ColumnKind, TableSchema, infer_schema

__all__ = ["Column", "ColumnKind", "TableEncoder", "TableSchema", "infer_schema"]
