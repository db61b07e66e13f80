"""Folders of files in and out: whole or not at all, of one type in every file, and refused in one sentence."""

from __future__ import annotations

import errno
import gzip
import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from genesis_sampling import DataError, HybridSampler, NoiseSampler

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from genesis_sampling.distributed import _csv, _parquet, read_folder, resample, write_folder  # noqa: E402

TARGET = "class"


@pytest.fixture
def source(table, tmp_path):
    """A folder of five Parquet files; one has no rows, and the rare class is in one only."""
    folder = tmp_path / "in"
    folder.mkdir()
    table = table.sort_values(TARGET, kind="stable", ignore_index=True)
    for i, (start, stop) in enumerate([(0, 250), (250, 500), (500, 500), (500, 620), (620, 700)]):
        table.iloc[start:stop].to_parquet(folder / f"{i}.parquet")
    return folder


def texts(frame, folder, *ends):
    """The table as text files of the rows up to each end; gives a pattern."""
    folder.mkdir()
    for i, (start, stop) in enumerate(zip((0, *ends), (*ends, len(frame)), strict=True)):
        frame.iloc[start:stop].to_csv(folder / f"{i}.csv", index=False)
    return folder / "*.csv"


def balanced(data, out, **options):
    found = read_folder(data)
    new = resample(NoiseSampler(random_state=0), found.ddf, TARGET)
    write_folder(new, out, schema=found.schema, **options)
    return read_folder(out).ddf.compute().reset_index(drop=True)


def names(folder):
    return sorted(os.listdir(folder))


class TestReading:
    def test_a_partition_for_each_file(self, source):
        ddf = read_folder(source).ddf
        assert ddf.map_partitions(len).compute().tolist() == [250, 250, 0, 120, 80]
        assert not ddf.known_divisions

    def test_row_groups_of_a_large_file(self, table, tmp_path, monkeypatch):
        monkeypatch.setattr(_parquet, "PIECE_BYTES", 4000)
        table.to_parquet(tmp_path / "one.parquet", row_group_size=100)
        ddf = read_folder(tmp_path / "one.parquet").ddf
        assert 1 < ddf.npartitions <= 7
        assert ddf["x"].compute().tolist() == table["x"].tolist()

    @pytest.mark.parametrize("size", [300, 1000, 10**6])
    def test_text_in_blocks_is_text_as_a_whole(self, table, tmp_path, monkeypatch, size):
        pattern = texts(table, tmp_path / "in", 400)
        whole = read_folder(pattern).ddf.compute()
        monkeypatch.setattr(_csv, "BLOCK_BYTES", size)
        ddf = read_folder(pattern).ddf
        assert (ddf.npartitions > 2) == (size < 10**6)
        assert_frame_equal(ddf.compute().reset_index(drop=True), whole.reset_index(drop=True))
        assert whole["x"].tolist() == table["x"].tolist()

    def test_kinds_of_text(self, tmp_path):
        rows = ["007,1,2024-01-05,1.5,?,a\n", '008,,2024-01-06,2,b,"x, ""y"""\n']
        (tmp_path / "a.csv").write_text("code,n,day,size,word,note\n" + "".join(rows))
        frame = read_folder(tmp_path / "a.csv").ddf.compute()
        assert frame["code"].tolist() == ["007", "008"]
        assert frame["n"].dtype == "Int64"
        assert frame["n"].isna().tolist() == [False, True]
        assert frame["day"].dtype == "datetime64[us]"
        assert frame["size"].tolist() == [1.5, 2.0]
        assert frame["note"].tolist() == ["a", 'x, "y"']

    def test_a_column_without_values_in_some_file(self, tmp_path):
        """The first lines of all files decide, so a file may have nothing, or whole numbers, where others have more."""
        (tmp_path / "a.csv").write_text("a,b\n,1\n")
        (tmp_path / "b.csv").write_text("a,b\n2.5,\n")
        frame = read_folder(tmp_path / "*.csv").ddf.compute()
        assert frame["a"].dtype == np.float64
        assert frame["b"].tolist() == [1, pd.NA]

    def test_words_for_gaps_in_some_file(self, tmp_path):
        (tmp_path / "a.csv").write_text("n,b\n1,x\n2,x\n")
        (tmp_path / "b.csv").write_text("n,b\nNA,x\n,x\n")
        frame = read_folder(tmp_path / "*.csv").ddf.compute()
        assert frame["n"].dtype == "Int64"
        assert frame["n"].tolist() == [1, 2, pd.NA, pd.NA]

    def test_a_lone_quote_in_a_short_file(self, tmp_path):
        (tmp_path / "a.csv").write_text('a,b\n5" pipe,x\n')
        assert read_folder(tmp_path / "a.csv").ddf.compute()["a"].tolist() == ['5" pipe']

    def test_times_in_utc(self, tmp_path, monkeypatch):
        monkeypatch.setattr(_csv, "N_HEADS", 1)
        (tmp_path / "a.csv").write_text("t,b\n2024-01-05T10:00:00Z,x\n,x\n")
        found = read_folder(tmp_path / "a.csv")
        times = found.ddf.compute()["t"]
        assert times.dtype == found.ddf["t"].dtype == "datetime64[us, UTC]"
        assert times.tolist() == [pd.Timestamp("2024-01-05 10:00", tz="UTC"), pd.NaT]
        (tmp_path / "b.csv").write_text("t,b\n2024-01-06T10:00:00,x\n")
        refuses("values that are no times in UTC", tmp_path / "*.csv")

    def test_packed_marked_and_other_encodings(self, tmp_path):
        (tmp_path / "a.csv.gz").write_bytes(gzip.compress("a,b\n1,é\n".encode("utf-8-sig")))
        assert read_folder(tmp_path / "a.csv.gz").ddf.compute().to_dict("list") == {"a": [1], "b": ["é"]}
        (tmp_path / "b.tsv").write_bytes("a\tb\r\n1\té\r\n".encode("cp1252"))
        found = read_folder(tmp_path / "b.tsv", encoding="cp1252").ddf.compute()
        assert found.to_dict("list") == {"a": [1], "b": ["é"]}

    def test_parquet_types_come_back(self, tmp_path):
        """Types that pandas has no dtype for, gaps in one file only, and categories that differ between files."""
        schema = pa.schema(
            {
                "day": pa.date32(),
                "money": pa.decimal128(9, 2),
                "n": pa.int32(),
                "kind": pa.dictionary(pa.int8(), pa.string()),
                TARGET: pa.bool_(),
            }
        )
        days = pd.date_range("2024-01-01", periods=40).date.tolist()
        folder = tmp_path / "in"
        folder.mkdir()
        for i, word in enumerate(["a", "b"]):
            columns = [
                pa.array(days, pa.date32()),
                pa.array(map(Decimal, range(40)), pa.decimal128(9, 2)),
                pa.array([None if i and k == 3 else k for k in range(40)], pa.int32()),
                pa.array([word] * 40).dictionary_encode().cast(schema.field("kind").type),
                pa.array([k % 8 == 0 for k in range(40)]),
            ]
            pq.write_table(pa.table(columns, schema=schema), folder / f"{i}.parquet")
        balanced(folder, tmp_path / "out")
        written = [pq.read_table(tmp_path / "out" / f"part-{i:05d}.parquet") for i in range(3)]
        for table in written:
            assert table.schema.types[:3] == schema.types[:3]
            assert table.schema == written[0].schema
        for i in range(2):
            source = pq.read_table(folder / f"{i}.parquet")
            assert written[i].to_pylist() == source.to_pylist()
        assert set(written[2]["kind"].to_pylist()) == {"a", "b"}

    def test_dtypes_of_pandas_come_back(self, tmp_path):
        """Of nullable dtypes and in every file, whether there are gaps in it or not."""
        (tmp_path / "in").mkdir()
        frame = pd.DataFrame(
            {"n": pd.array([1, None, 3, 4], "Int64"), "flag": pd.array([True, None, False, True])}
        )
        for i in range(2):
            frame.iloc[2 * i : 2 * i + 2].to_parquet(tmp_path / "in" / f"{i}.parquet", index=False)
        found = read_folder(tmp_path / "in")
        write_folder(found.ddf, tmp_path / "out", schema=found.schema)
        parts = [pd.read_parquet(tmp_path / "out" / f"part-{i:05d}.parquet") for i in range(2)]
        assert_frame_equal(pd.concat(parts, ignore_index=True), frame)
        assert parts[1].dtypes.equals(frame.dtypes)


class TestWriting:
    @pytest.mark.parametrize("scheduler", ["sync", "threads"])
    def test_what_resample_gives(self, source, tmp_path, scheduler):
        expected = resample(NoiseSampler(random_state=0), read_folder(source).ddf, TARGET).compute()
        with dask.config.set(scheduler=scheduler):
            found = balanced(source, tmp_path / "out")
        assert names(tmp_path / "out") == ["_SUCCESS", *[f"part-{i:05d}.parquet" for i in range(6)]]
        assert len(found) == 1800
        found["kind"] = found["kind"].cat.set_categories(expected["kind"].cat.categories)
        assert pd.util.hash_pandas_object(found).equals(pd.util.hash_pandas_object(expected))

    def test_one_schema_in_every_file(self, source, tmp_path):
        balanced(source, tmp_path / "out")
        schemas = [pq.read_schema(tmp_path / "out" / f"part-{i:05d}.parquet") for i in range(6)]
        assert all(schema == schemas[0] for schema in schemas)
        assert pq.read_table(tmp_path / "out").num_rows == 1800

    def test_a_frame_without_a_schema(self, table, tmp_path):
        ddf = dd.from_pandas(table.reset_index(drop=True), npartitions=2)
        assert write_folder(ddf, tmp_path / "out") == [350, 350]
        assert pd.read_parquet(tmp_path / "out")["x"].tolist() == table["x"].tolist()

    def test_progress(self, source, tmp_path):
        told = []
        balanced(source, tmp_path / "out", progress=lambda done, n_all: told.append((done, n_all)))
        assert told == [(i, 6) for i in range(1, 7)]

    def test_partitions_are_not_held_at_once(self, tmp_path, monkeypatch):
        """Each is made, written and forgotten before the next one is."""
        order = []

        def made(i):
            order.append("made")
            return pd.DataFrame({"a": [i]})

        whole = _parquet._write
        monkeypatch.setattr(
            _parquet, "_write", lambda table, stream: (order.append("written"), whole(table, stream))
        )
        ddf = dd.from_delayed([dask.delayed(made)(i) for i in range(4)], meta=pd.DataFrame({"a": [0]}))
        write_folder(ddf, tmp_path / "out")
        assert order == ["made", "written"] * 4

    def test_unfinished_run_is_completed(self, source, tmp_path):
        """What a killed process leaves: files at their place, one half written, and no word that it is complete."""
        expected = balanced(source, tmp_path / "whole")
        out = tmp_path / "out"
        left = out / ".genesis-0123456789ab.tmp"
        left.mkdir(parents=True)
        for path in (
            out / "part-00000.parquet",
            out / "part-00099.parquet",
            left / ".part-00001.parquet.ab.tmp",
        ):
            path.write_bytes(b"PAR1half")
        assert_frame_equal(balanced(source, out), expected)
        assert names(out) == names(tmp_path / "whole")

    @pytest.mark.parametrize("n_good", [0, 3])
    def test_full_disk(self, source, tmp_path, monkeypatch, n_good):
        whole, left = _parquet._write, [None] * n_good

        def full(table, stream):
            stream.write(b"half")
            if not left:
                raise OSError(errno.ENOSPC, "No space left on device")
            left.pop()
            stream.seek(0)
            whole(table, stream)

        monkeypatch.setattr(_parquet, "_write", full)
        with pytest.raises(OSError, match=r"No space left on device: .*part-0000\d.parquet") as caught:
            balanced(source, tmp_path / "out")
        assert caught.value.errno == errno.ENOSPC
        assert names(tmp_path) == ["in"]

    def test_an_error_leaves_an_earlier_result(self, source, tmp_path, monkeypatch):
        before = balanced(source, tmp_path / "out")

        def interrupted(table, stream):
            raise KeyboardInterrupt

        monkeypatch.setattr(_parquet, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            balanced(source, tmp_path / "out", replace=True)
        assert "_SUCCESS" in names(tmp_path / "out")
        assert_frame_equal(read_folder(tmp_path / "out").ddf.compute().reset_index(drop=True), before)

    @pytest.mark.parametrize("n_good", [0, 3, 9])
    def test_an_interrupt_while_files_are_moved(self, source, tmp_path, monkeypatch, n_good):
        """Away go seven of the earlier run, then six take their places."""
        before = balanced(source, tmp_path / "out")
        assert len(names(tmp_path / "out")) == 7
        whole, n_moved = os.replace, []

        def interrupted(path, place):
            if tmp_path / "out" in (Path(path).parent, Path(place).parent):
                n_moved.append(1)
                if len(n_moved) == n_good + 1:
                    raise KeyboardInterrupt
            whole(path, place)

        monkeypatch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            balanced(source, tmp_path / "out", replace=True)
        assert len(n_moved) > n_good
        assert len(names(tmp_path / "out")) == 7
        assert_frame_equal(read_folder(tmp_path / "out").ddf.compute().reset_index(drop=True), before)

    def test_an_earlier_result_is_replaced_if_asked(self, source, tmp_path):
        smaller = HybridSampler(sampling_strategy={"big": 30}, random_state=0)
        balanced(source, tmp_path / "out")
        found = read_folder(source)
        new = resample(smaller, found.ddf, TARGET)
        with pytest.raises(DataError, match="holds a complete table already"):
            write_folder(new, tmp_path / "out", schema=found.schema)
        write_folder(new, tmp_path / "out", schema=found.schema, replace=True)
        assert names(tmp_path / "out") == ["_SUCCESS", *[f"part-{i:05d}.parquet" for i in range(5)]]
        assert len(pd.read_parquet(tmp_path / "out")) == 130

    def test_files_that_are_only_named_like_ours(self, source, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "part-00000.parquet").write_bytes(b"theirs")
        with pytest.raises(DataError, match=r"holds 'part-00000.parquet'; expected a new or empty folder"):
            balanced(source, tmp_path / "out", replace=True)
        assert (tmp_path / "out" / "part-00000.parquet").read_bytes() == b"theirs"

    def test_a_file_that_comes_meanwhile_stays(self, source, tmp_path):
        found = read_folder(source)
        write_folder(
            found.ddf,
            schema=found.schema,
            folder=tmp_path / "out",
            progress=lambda done, n_all: (tmp_path / "out" / "notes.txt").touch(),
        )
        assert names(tmp_path / "out") == [
            "_SUCCESS",
            "notes.txt",
            *[f"part-{i:05d}.parquet" for i in range(5)],
        ]

    def test_unknown_categories_need_a_schema(self, tmp_path):
        ddf = dd.from_pandas(pd.DataFrame({"k": [1, 2, 1]}), npartitions=1).astype({"k": "category"})
        with pytest.raises(DataError, match=r"column 'k', whose categories are not known.*categorize"):
            write_folder(ddf, tmp_path / "out")
        write_folder(ddf.categorize(), tmp_path / "out")
        assert pd.read_parquet(tmp_path / "out")["k"].tolist() == [1, 2, 1]

    def test_other_files_are_never_touched(self, source, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "notes.txt").touch()
        with pytest.raises(DataError, match=r"holds 'notes.txt'; expected a new or empty folder"):
            balanced(source, tmp_path / "out", replace=True)
        with pytest.raises(DataError, match="which is a file"):
            balanced(source, tmp_path / "out" / "notes.txt")
        with pytest.raises(DataError, match="there is no folder .*create it first"):
            balanced(source, tmp_path / "no" / "out")
        assert names(tmp_path / "out") == ["notes.txt"]


def refuses(match, data, **options):
    with pytest.raises(DataError, match=match) as caught:
        read_folder(data, **options).ddf.compute()
    assert "\n" not in str(caught.value)


class TestRefusals:
    def test_types_that_differ(self, source, table):
        table.assign(count=1.5).to_parquet(source / "9.parquet")
        refuses(r"column 'count' is double in '.*9.parquet' and int16 in '.*0.parquet'", source)

    def test_columns_that_differ(self, source, table, tmp_path):
        table.drop(columns="x").to_parquet(source / "9.parquet")
        refuses(r"9.parquet' with the columns .* instead of .*'x'.* as in '.*0.parquet'", source)
        pattern = texts(table, tmp_path / "texts")
        table.drop(columns="x").to_csv(tmp_path / "texts" / "9.csv", index=False)
        refuses(r"9.csv' with the columns .* instead of .*'x'", pattern)

    def test_nothing_there(self, tmp_path):
        refuses("no such file or folder, or it is empty", tmp_path / "none")
        refuses("no such file or folder, or it is empty", tmp_path)
        refuses("no such file or folder, or it is empty", tmp_path / "*.csv")

    def test_files_of_other_kinds(self, source):
        (source / "read.me").touch()
        refuses(r"with the file 'read.me'; expected files of one kind", source)
        (source / "read.me").rename(source / "a.csv")
        refuses("expected files of one kind", source)

    def test_folders_in_the_folder(self, source):
        (source / "year=2024").mkdir()
        refuses("in which 'year=2024' is a folder; expected files only", source)

    def test_no_parquet(self, source):
        (source / "0.parquet").write_bytes(b"PAR1")
        refuses("0.parquet', which is no Parquet file", source)

    def test_long_decimals(self, tmp_path):
        pq.write_table(pa.table({"a": pa.array([Decimal(1)], pa.decimal128(30, 2))}), tmp_path / "a.parquet")
        refuses("expected decimals of at most 15 digits", tmp_path)

    @pytest.mark.parametrize(
        ("content", "match"),
        [
            ("", "which is empty"),
            ("a,a\n1,2\n", "more than once"),
            ("a,b\r1,2\r", "whose first line is no header"),
            ("a,b\n1,2\n3\n", "whose lines cannot be read .*; expected 2 cells in each"),
            ("a,b\n1,2\n3,4,5\n", "whose lines cannot be read .*; expected 2 cells in each"),
        ],
    )
    def test_text(self, tmp_path, content, match):
        (tmp_path / "a.csv").write_text(content)
        refuses(match, tmp_path / "a.csv")

    def test_encodings(self, tmp_path):
        (tmp_path / "a.csv").write_bytes(b"a,b\n1,\xe9\n")
        refuses("is not utf-8: it cannot be decoded at byte 6.*--encoding", tmp_path / "a.csv")
        refuses("unknown encoding 'utf-9'", tmp_path / "a.csv", encoding="utf-9")
        refuses("in which a line end is not one byte", tmp_path / "a.csv", encoding="utf-16")
        assert read_folder(tmp_path / "a.csv", encoding="cp1252").ddf.compute()["b"].tolist() == ["é"]

    def test_text_that_is_of_another_kind_further_on(self, tmp_path, monkeypatch):
        monkeypatch.setattr(_csv, "HEAD_BYTES", 40)
        lines = [f"{i},{i / 2}\n" for i in range(100)]
        (tmp_path / "a.csv").write_text("a,b\n" + "".join(lines) + "1.5,2\n")
        refuses("whose column 'a' holds values that are no whole numbers, as '1.5'", tmp_path / "a.csv")
        (tmp_path / "a.csv").write_text("a,b\n" + "".join(lines) + "1,x\n")
        refuses(
            r"a.csv'.*Column 'b' mixes|whose column 'b' holds values that are no numbers", tmp_path / "a.csv"
        )

    def test_line_breaks_in_cells_of_a_large_file(self, tmp_path, monkeypatch):
        """Cut inside of a cell, a file would be read wrong without a word."""
        (tmp_path / "a.csv").write_text("a,b\n" + '1,"one\ntwo"\n' * 50)
        assert read_folder(tmp_path / "a.csv").ddf.compute()["b"].tolist() == ["one\ntwo"] * 50
        monkeypatch.setattr(_csv, "BLOCK_BYTES", 101)
        refuses("in which some cell holds a line break", tmp_path / "a.csv")
