from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genesis_sampling.exceptions import DataError, MixedTypesError
from genesis_sampling.tables.files import OutputRows, beside, check_output, read_table, write_tables

TABLE = '''code,amount,ratio,when,at,flag,note,label
007,12.50,0.5,2024-01-31,2024-01-31T10:00:00Z,true,"a, ""b""",yes
012,3.00,1,2024-02-29,2024-02-29T11:30:00Z,False,"two
lines",no
100,,1e-3,,2024-03-01T00:00:59Z,true,NA,no
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "table.csv"
    file.write_text(TABLE)
    return file


def _write(tmp_path: Path, text: str, name: str = "made.csv") -> str:
    (tmp_path / name).write_text(text)
    return str(tmp_path / name)


def _column(tmp_path: Path, *cells: str) -> pd.Series:
    return read_table(_write(tmp_path, "\n".join(["x,y", *(f"{cell},0" for cell in cells)]))).frame["x"]


def _rewritten(tmp_path: Path, *cells: str) -> list[str]:
    """Cells that were read, and written as new rows."""
    table = read_table(_write(tmp_path, "\n".join(["x,y", *(f"{cell},0" for cell in cells)])))
    out = tmp_path / "out.csv"
    write_tables(table, [OutputRows(str(out), new=table.frame)])
    return [line.removesuffix(",0") for line in out.read_text().splitlines()[1:]]


def test_original_rows_are_written_as_they_stand(path, tmp_path):
    table = read_table(str(path))
    write_tables(table, [OutputRows(str(tmp_path / "out.csv"), np.arange(3))])
    assert (tmp_path / "out.csv").read_text() == TABLE


def test_new_rows_have_the_style_of_their_column(path, tmp_path):
    table = read_table(str(path))
    write_tables(table, [OutputRows(str(tmp_path / "out.csv"), new=table.frame)])
    assert (tmp_path / "out.csv").read_text() == TABLE.replace("1e-3", "0.001")


def test_dtypes(path):
    frame = read_table(str(path)).frame
    kinds = {name: pd.api.types.infer_dtype(frame[name].dropna()) for name in frame}
    assert kinds == {
        "code": "string",
        "amount": "floating",
        "ratio": "floating",
        "when": "datetime64",
        "at": "datetime64",
        "flag": "string",
        "note": "string",
        "label": "string",
    }
    assert frame["note"].tolist() == ['a, "b"', "two\nlines", "NA"]


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        (["1", "-2", "+3"], "int64"),
        (["1", "", "3"], "Int64"),
        (["1", "NA", "3"], "Int64"),
        (["5.00E+05", "7"], "int64"),
        (["1.5", "?", "3"], "float64"),
        ([" 1.5", "2 "], "float64"),
    ],
)
def test_numbers(tmp_path, cells, dtype):
    assert str(_column(tmp_path, *cells).dtype) == dtype


@pytest.mark.parametrize(
    "cells",
    [
        ["007", "8"],
        ["007.5", "8"],
        ["1_000", "2"],
        ["0x10", "2"],
        ["99999999999999999999", "1"],
        ["true", "FALSE"],
        ["NA", "NA"],
        ["2023-02-30", "2023-02-01"],
        ["01/02/2023", "03/04/2023"],
        ["2023-02-01", "2023-02-01 10:00"],
        ["2", "4", "5more"],
        ["١", "٢"],
    ],
)
def test_text_stays_text(tmp_path, cells):
    assert _column(tmp_path, *cells).tolist() == cells
    assert _rewritten(tmp_path, *cells) == cells


@pytest.mark.parametrize(
    "cells",
    [
        ["12.50", "3.00", "-0.25"],
        ["1", "2.5", "3.25"],
        ["1.0", "2.25"],
        ["0.1234567890123456", "12.0"],
        ["-9", "", "12"],
        ["NA", "1", "NA", ""],
        ["2024-01-01", "2024-12-31"],
        ["2024-01-01 10:30", "2024-12-31 00:00"],
        ["2024-01-01 10:30:15.250", "2024-12-31 00:00:00.000"],
    ],
)
def test_values_are_written_as_they_were_read(tmp_path, cells):
    expected = [("NA" if cell == "" and "NA" in cells else cell) for cell in cells]
    assert _rewritten(tmp_path, *cells) == expected


def test_numbers_are_rounded_to_the_decimals_of_their_column(tmp_path):
    table = read_table(_write(tmp_path, "x,y\n12.50,1\n3.00,2\n"))
    new = pd.DataFrame({"x": [1.006, -0.001, np.nan], "y": [1, 2, 3]})
    write_tables(table, [OutputRows(str(tmp_path / "out.csv"), new=new)])
    assert (tmp_path / "out.csv").read_text() == "x,y\n1.01,1\n0.00,2\n,3\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n", "\n\n"])
def test_line_ends_are_kept_and_blank_lines_dropped(tmp_path, newline, last):
    source, out = tmp_path / "made.csv", tmp_path / "out.csv"
    source.write_bytes(("x,y\n1,a\n\n2,b" + last).replace("\n", newline).encode())
    table = read_table(str(source))
    write_tables(table, [OutputRows(str(out), np.array([1]), table.frame.iloc[:1], mark=True)])
    assert out.read_bytes().decode().split(newline) == ["x,y,_synthetic", "2,b,False", "1,a,True", ""]


def test_byte_order_mark_is_dropped(tmp_path):
    (tmp_path / "made.csv").write_bytes(b"\xef\xbb\xbf" + "x,y\n1,é\n".encode())
    table = read_table(str(tmp_path / "made.csv"))
    write_tables(table, [OutputRows(str(tmp_path / "out.csv"), np.array([0]))])
    assert list(table.frame) == ["x", "y"]
    assert (tmp_path / "out.csv").read_bytes() == "x,y\n1,é\n".encode()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_encoding_is_kept(tmp_path, encoding):
    (tmp_path / "made.csv").write_bytes("x,y\n1,é\n".encode(encoding))
    table = read_table(str(tmp_path / "made.csv"), encoding=encoding)
    write_tables(table, [OutputRows(str(tmp_path / "out.csv"), new=table.frame)], encoding=encoding)
    assert (tmp_path / "out.csv").read_bytes() == "x,y\n1,é\n".encode(encoding)


def test_another_delimiter_quotes_what_needs_it(tmp_path):
    table = read_table(_write(tmp_path, 'x;y\n"1;2";a\tb\n', "made.csv"), delimiter=";")
    write_tables(table, [OutputRows(str(tmp_path / "out.tsv"), np.array([0]), table.frame)])
    assert (tmp_path / "out.tsv").read_text() == 'x\ty\n1;2\t"a\tb"\n1;2\t"a\tb"\n'


def test_gzip_is_reproducible(path, tmp_path):
    table = read_table(str(path))
    for name in ("a.csv.gz", "b.csv.gz"):
        write_tables(table, [OutputRows(str(tmp_path / name), np.arange(3))])
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()).decode() == TABLE
    assert read_table(str(tmp_path / "a.csv.gz")).frame.equals(table.frame)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "which is empty"),
        ("\n\n", "only blank lines"),
        ("x,y\n", "a header and no rows"),
        ("x;y\n1;2\n", "Pass --delimiter ';'"),
        ("x\ty\n1\t2\n", r"Pass --delimiter '\\t'"),
        ("x,x\n1,2\n", r"the column names \['x'\] more than once"),
        ("x,y\n1,2\n\n3\n", "line 4 has 1 fields and the header has 2"),
        ("x,y\n1,2,3\n", "line 2 has 3 fields"),
        ('x,y\n"a\nb",2\n3\n', "line 4 has 1 fields"),
        ('x,y\n1,"2\n3,4\n', "double quote in or after line 2 is never closed"),
        ("x,y\n1,2\ninf,3\n2.5,4\n", r"Column 'x' holds an infinite value \('inf'\)"),
        ("x,y\n1,2\n1e999,3\n", r"Column 'x' holds an infinite value \('1e999'\)"),
    ],
)
def test_unusable_text(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_table(_write(tmp_path, text))


def test_unusable_files(tmp_path):
    (tmp_path / "latin.csv").write_bytes(b"x,y\n1,\xe9\n")
    (tmp_path / "no.csv.gz").write_bytes(b"x,y\n1,2\n")
    (tmp_path / "folder.csv").mkdir()
    for name, message in {
        "latin.csv": "cannot be decoded at byte 6.*--encoding",
        "no.csv.gz": "not a whole gzip file",
        "folder.csv": "which is a directory",
        "missing.csv": "no such file",
        "table.xlsx": "whose ending is unknown",
    }.items():
        with pytest.raises(DataError, match=message):
            read_table(str(tmp_path / name))


def test_text_among_numbers_is_refused_unless_they_are_categories(tmp_path):
    file = _write(tmp_path, "x,y\n" + "".join(f"{i},0\n" for i in range(50)) + "abc,1\n")
    with pytest.raises(MixedTypesError, match="mixes 50 numbers with 1 other texts such as 'abc'"):
        read_table(file)
    assert read_table(file, may_mix=["x"]).frame["x"].iloc[-1] == "abc"


def test_failing_write_leaves_nothing(path, tmp_path):
    table = read_table(str(path))
    outputs = [
        OutputRows(str(tmp_path / "one.csv"), np.arange(3)),
        OutputRows(str(tmp_path / "two.csv"), np.array([99])),
    ]
    with pytest.raises(IndexError):
        write_tables(table, outputs)
    assert os.listdir(tmp_path) == ["table.csv"]


def test_permissions_are_those_of_a_new_file_or_of_the_one_replaced(path, tmp_path):
    table = read_table(str(path))
    old = tmp_path / "old.csv"
    old.touch(mode=0o600)
    (tmp_path / "plain").touch()
    write_tables(table, [OutputRows(str(tmp_path / name), np.arange(3)) for name in ("new.csv", "old.csv")])
    assert (tmp_path / "new.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert old.stat().st_mode & 0o777 == 0o600


def test_a_link_stays_and_its_target_is_replaced(path, tmp_path):
    (tmp_path / "target.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("target.csv")
    write_tables(read_table(str(path)), [OutputRows(str(tmp_path / "link.csv"), np.arange(3))])
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "target.csv").read_text() == TABLE


@pytest.mark.parametrize("kind", ["same", "symbolic", "hard"])
def test_the_input_is_never_an_output(path, tmp_path, kind):
    other = tmp_path / "other.csv"
    if kind == "symbolic":
        other.symlink_to(path)
    elif kind == "hard":
        other.hardlink_to(path)
    with pytest.raises(DataError, match="never written over"):
        check_output(str(path if kind == "same" else other), option="--output", others=[str(path)])


def test_names_beside():
    assert beside("a/b.csv.gz", "_x") == "a/b_x.csv.gz"
    assert beside("B.CSV", "_x") == "B_x.CSV"
    assert beside("-", "_x") == "-"


class TestParquet:
    @pytest.fixture
    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "count": pd.array([1, None, 3], dtype="Int32"),
                "share": np.array([0.5, np.nan, 1.5], dtype=np.float32),
                "when": pd.to_datetime(["2024-01-01", None, "2024-03-01"]),
                "kind": pd.Categorical(["a", "b", None], categories=["b", "a"], ordered=True),
                "sure": [True, False, True],
                "label": ["x", "y", "y"],
            }
        )

    def test_types_are_kept(self, tmp_path, frame):
        pytest.importorskip("pyarrow")
        frame.to_parquet(tmp_path / "in.parquet")
        table = read_table(str(tmp_path / "in.parquet"))
        out = tmp_path / "out.parquet"
        write_tables(table, [OutputRows(str(out), np.array([2, 0]), table.frame.iloc[:2])])
        expected = pd.concat([frame.iloc[[2, 0]], frame.iloc[:2]], ignore_index=True)
        pd.testing.assert_frame_equal(
            pd.read_parquet(out),
            pd.read_parquet(tmp_path / "in.parquet")
            .iloc[:0]
            .pipe(lambda empty: expected.astype(empty.dtypes.to_dict())),
        )

    def test_decimals_dates_and_row_labels(self, tmp_path):
        pa = pytest.importorskip("pyarrow")
        import datetime
        import decimal

        import pyarrow.parquet as pq

        arrow = pa.table(
            {
                "price": pa.array([decimal.Decimal("1.50"), None], pa.decimal128(6, 2)),
                "day": pa.array([datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)]),
                "__index_level_0__": [5, 7],
            }
        )
        pq.write_table(arrow, tmp_path / "in.parquet")
        table = read_table(str(tmp_path / "in.parquet"))
        write_tables(
            table, [OutputRows(str(tmp_path / "out.parquet"), np.array([0]), table.frame, mark=True)]
        )
        result = pq.read_table(tmp_path / "out.parquet")
        assert result.drop_columns("_synthetic").schema.types == arrow.schema.types[:2]
        assert result["price"].to_pylist() == [decimal.Decimal("1.50"), decimal.Decimal("1.50"), None]
        assert result["_synthetic"].to_pylist() == [False, True, True]

    def test_to_and_from_text(self, tmp_path, path):
        pytest.importorskip("pyarrow")
        table = read_table(str(path))
        write_tables(table, [OutputRows(str(tmp_path / "out.parquet"), np.arange(2), table.frame.iloc[2:])])
        again = read_table(str(tmp_path / "out.parquet"))
        write_tables(again, [OutputRows(str(tmp_path / "out.csv"), np.arange(3))])
        assert read_table(str(tmp_path / "out.csv")).frame["note"].tolist() == table.frame["note"].tolist()
        assert again.frame["code"].tolist() == ["007", "012", "100"]

    def test_damaged_file(self, tmp_path):
        pytest.importorskip("pyarrow")
        with pytest.raises(DataError, match="no Parquet file"):
            read_table(_write(tmp_path, "x,y\n1,2\n", "made.parquet"))
