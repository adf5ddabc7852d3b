"""What an order says about when its payment is due."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from pipeline.sandbox.store.forms import noon_of
from pipeline.sandbox.world.vocabulary import PAYMENT_METHODS, TERMS, Term

_TERM_OF = {term.id: term for term in TERMS}
_PLAN = (None, None, None, "flexible")


@dataclass(frozen=True)
class PaymentTerms:
    """The fields of an order that say when its payment is due, and the days that it comes to (null: unknown)."""

    fields: dict[str, Any]
    days: int | None


def payment_terms(term_id: int | None, invoiced: date, rng: Random) -> PaymentTerms:
    """Return an order's terms: in a payment option, in one without its days, in words only, as a date, or none."""
    term = _TERM_OF.get(term_id) if term_id else None
    if term is None:
        return PaymentTerms(_fields(None, None, None, rng), None)
    days = term.days or 0
    chance = rng.random()
    if chance < 0.55:
        return PaymentTerms(_fields(_option(term, rng), term.words, None, rng), days)
    if chance < 0.62:
        without = _option(term, rng)
        without["payment_term"] |= {"days": None} | ({"term": None} if chance < 0.58 else {})
        return PaymentTerms(_fields(without, None, None, rng), days)
    if chance < 0.88:
        return PaymentTerms(_fields(None, term.words, None, rng), days)
    # A date that somebody typed need not agree with the terms.
    days = max(0, days + rng.choice((0, 0, 5, -3)))
    due = noon_of(invoiced + timedelta(days=days), rng)
    return PaymentTerms(_fields(_option(term, rng), term.words, due, rng), days)


def _option(term: Term, rng: Random) -> dict[str, Any]:
    method, words = rng.choice(PAYMENT_METHODS)
    plan = rng.choice(_PLAN)
    return {
        "id": rng.randrange(1000000, 2000000),
        "is_default": rng.random() < 0.7,
        "payment_program": plan,
        "payment_strategy": plan and "reverse_factored",
        "payment_method": {"id": method, "method": words},
        "payment_term": {"id": term.id, "term": term.words, "days": term.days, "code": term.code},
    }


def _fields(selected: dict[str, Any] | None, words: str | None, due: str | None, rng: Random) -> dict[str, Any]:
    others = [_option(TERMS[5], rng)] if rng.random() < 0.3 else []
    return {
        "payment_term": words,
        "payment_methods": [words for _, words in PAYMENT_METHODS[: rng.randrange(4)]],
        "available_payment_options": ([selected] if selected else []) + others,
        "selected_payment_option": selected,
        "payment_due_date": due,
        "llf_payment_method": bool(selected and selected["payment_program"]),
    }
