"""Why something that a vendor's document names is not in a contract, or is typed otherwise there."""

# Paths that are read neither as a listing nor as a row of one.
PATHS: dict[str, str] = {
    "orders-received/{number}/line-items/": "the rows of line-items/",
    "orders-received/{number}/payments/": "the rows of order-payments/",
}

# Fields, as path and field; `*` stands for anything.
FIELDS: dict[str, str] = {
    "buyer/orders/line_items[[]].product.brand": "objet is a slip of the pen: an object",
    "customers/available_payment_options.*": "a list of such objects, which the document writes as one",
}
