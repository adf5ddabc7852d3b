"""What mutants there are of a file: each one change, and none of a comment, a type or a list of columns."""

from .mutation import mutants_of

TEXT = """-- Sum and count are <= 0.
select
    cast(round(coalesce(sum(a.x * 2), 0), 2) as decimal(38, 2)) as x,  -- Not null.
    count(*) as rows,
    count(case when (a.y) < 5 then 1 end) as few
from marts.a as a
left join marts.b as b on b.id is not distinct from a.id
where a.day between 1 and 3 and a.y is not null or not exists (select * from c where a.z >= c.z)
"""


def test_every_operator_bound_constant_join_and_null_is_changed_once() -> None:
    changes = [(mutant.line, mutant.change) for mutant in mutants_of(TEXT)]

    assert changes == [
        (3, ", 0 -> nothing"),
        (3, "sum -> max"),
        (3, "* -> +"),
        (3, "2 -> 3"),
        (3, "0 -> 1"),
        (3, "2 -> 3"),
        (4, "count -> sum"),
        (5, "count -> sum"),
        (5, "< -> <="),
        (5, "5 -> 6"),
        (7, "left join -> join"),
        (7, "is not distinct from -> ="),
        (8, "1 -> 2"),
        (8, "3 -> 4"),
        (8, "and -> or"),
        (8, "is not null -> is null"),
        (8, "or -> and"),
        (8, ">= -> >"),
    ]


def test_a_mutant_differs_in_its_change_alone() -> None:
    for mutant in mutants_of(TEXT):
        old, _, new = mutant.change.partition(" -> ")
        here = [
            place for place in range(len(TEXT))
            if TEXT[:place] + ("" if new == "nothing" else new) + TEXT[place + len(old) :] == mutant.text
        ]  # fmt: skip
        assert here
