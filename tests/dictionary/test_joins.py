"""Every join of the dictionary finds rows of the other table."""

from contextlib import closing
from pathlib import Path

import pytest

import pipeline
from pipeline.dictionary.contents import read_contents
from pipeline.resources import all_resources

from ..docs.warehouse import open_documented


@pytest.mark.long
async def test_every_join_finds_rows_of_the_other_table(tmp_path: Path) -> None:
    async with open_documented(tmp_path):
        pass
    with closing(pipeline.connect(tmp_path / "data" / "warehouse.duckdb")) as con:
        joins = read_contents(con, all_resources()).joins
        lonely = []
        for join in joins:
            ((named, found),) = con.execute(
                f"SELECT count(*), count(b.{join.key}) FROM {join.table} AS a LEFT JOIN {join.target} AS b "
                f"ON a._company = b._company AND a.{join.column} = b.{join.key} WHERE a.{join.column} IS NOT NULL"
            ).fetchall()
            if found < named / 2:
                lonely.append((join, named, found))

    assert lonely == []
    assert len(joins) > 50
