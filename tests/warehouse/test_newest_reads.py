"""Which resources did not come: judged by the newest read of each, at each company."""

from contextlib import closing

from pipeline.warehouse.meta import newest_reads, refused_reads
from pipeline.warehouse.reader import attach

from .seller import LINES, ORDERS, Read, Seller, order, read_all, refused

NOT_OFFERED = Read(LINES, "changed", [], proof={"not_offered": True})


def found(seller: Seller) -> tuple[dict[str, dict[str, str | None]], list[tuple[str, str, str]]]:
    seller.load()
    with closing(attach(seller.published)) as con:
        return newest_reads(con), refused_reads(con)


def test_a_refusal_counts_until_a_later_read_of_the_same_company(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")), NOT_OFFERED)
    seller.land(refused(ORDERS))
    seller.land(read_all(ORDERS, order("z")), company="zenith")
    first = found(seller)
    seller.land(read_all(ORDERS, order("a")))
    second = found(seller)

    zenith, lines = {"orders": None}, {"lines": "is not offered"}
    assert first == (
        {"acme": lines | {"orders": "was refused"}, "zenith": zenith},
        [("acme", "orders", "403: no permission")],
    )
    assert second == ({"acme": lines | {"orders": None}, "zenith": zenith}, [])


def test_what_was_never_asked_for_is_not_among_them(seller: Seller) -> None:
    seller.land(read_all(ORDERS, order("a")))

    assert found(seller) == ({"acme": {"orders": None}}, [])
