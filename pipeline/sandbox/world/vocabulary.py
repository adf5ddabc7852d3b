"""Words that the sandbox's rows are made of: plain, accented, right to left, wide and with pictures."""

from typing import NamedTuple


class Seller(NamedTuple):
    """A selling company: its id, slug, name and state, its brands with their product lines, and its sales reps."""

    id: int
    slug: str
    name: str
    state: str
    license_number: str
    brands: tuple[tuple[int, str], ...]
    reps: tuple[tuple[int, str], ...]


class Term(NamedTuple):
    """A payment term: its id, its words, its days (null where LeafLink gives none) and its code."""

    id: int
    words: str
    days: int | None
    code: str


SELLERS = (
    Seller(
        3107,
        "high-meadow",
        "High Meadow Growers",
        "CO",
        "403R-00871",
        ((811, "Larkspur"), (812, "Señor Verde"), (813, "Old Mill")),
        ((41, "Ingrid Okafor"), (42, "José Ángel Peña"), (43, "Wren Halloran")),
    ),
    Seller(
        3244,
        "tidewater",
        "Tidewater Extracts",
        "WA",
        "WA-415502",
        ((871, "Driftglass"), (872, "Łódka"), (873, "雲海")),
        ((57, "Marguerite D'Août"), (58, "Tomasz Wójcik")),
    ),
)
TERMS = (
    Term(2, "Net 7", 7, "net7"),
    Term(3, "Net 15", 15, "net15"),
    Term(5, "Net 30", 30, "net30"),
    Term(6, "Net 45", 45, "net45"),
    Term(8, "Net 60", 60, "net60"),
    Term(20, "COD", None, "cod"),
    Term(21, "Prepay", 0, "prepay"),
)
PAYMENT_METHODS = ((1, "Cash"), (2, "Check"), (4, "ACH"), (6, "Wire"))
PAYMENT_TYPES = ("check", "check", "ach", "ach", "cash", "wire", "cashier", "other")

STORE_FIRST = (
    "Green", "Mountain", "Café", "Über", "Riverbend", "Starlight", "Château", "Piñon", "Juniper", "Harbor",
    "Copper", "Blue Door", "Ночь", "Golden", "Prairie", "Sunny's", "\"The\"", "São Luís", "Zephyr", "Nº 9",
)  # fmt: skip
STORE_LAST = (
    "Dispensary", "Wellness", "Collective", "Provisions", "Apothecary", "& Co.", "Garden", "Leaf, LLC",
    "Trading Post", "Remedies",
)  # fmt: skip
STORE_SPECIAL = (
    "東京ハーブ店",
    "بيت الأعشاب",
    "🌿 Leaf & Let Live 🌿",
    "צמח טוב",
    "Ångström's <Finest>",
    "O'Brien \\ Sons",
)
CITIES = (
    ("Denver", "Denver", "CO", "80205"),
    ("Boulder", "Boulder", "CO", "80302"),
    ("Cañon City", "Fremont", "CO", "81212"),
    ("Seattle", "King", "WA", "98109"),
    ("Spokane", "Spokane", "WA", "99201"),
    ("Walla Walla", "Walla Walla", "WA", "99362"),
)
CANADIAN_CITIES = (("Montréal", "", "QC", "H2X 1Y4"), ("Vancouver", "", "BC", "V6B 1A1"))
STREETS = ("Larimer St", "2nd Ave N", "Rue Émile-Zola", "Pearl St", "County Road 12 ½", "Alder Way")

STRAINS = ("Lemon Dune", "Nightjar", "Crème Brûlée", "Papaya Fog", "Grandad's Porch", "Mañana", "Blue Ladder", "紫の夢")
GOODS = (
    # what is sold, its unit, category, subcategory, units in a case, cheapest and dearest case in cents
    ("Preroll 1g", "Unit", 3, 31, (12, 24, 30, 50), 4800, 18000),
    ("Flower 3.5g", "Unit", 1, 11, (6, 12, 24), 9000, 42000),
    ("Bulk Flower", "Gram", 1, 12, (1, 1, 0, None), 250, 900),
    ("Gummies 100mg", "Unit", 7, 14, (12, 24, 30), 8400, 26400),
    ("Vape Cartridge .5g", "Unit", 5, 51, (6, 12), 9600, 31200),
    ("Live Rosin 1g", "Unit", 6, 61, (1, 6), 1850, 15900),
    ("Tincture 30ml", "Unit", 8, 81, (1, 12), 1495, 20388),
)
CATEGORIES = {1: "Flower", 3: "Prerolls", 5: "Cartridges", 6: "Concentrates", 7: "Edibles", 8: "Tinctures"}
SUBCATEGORIES = {
    11: (1, "Packaged Flower"),
    12: (1, "Bulk Flower"),
    14: (7, "Gummies"),
    31: (3, "Single Prerolls"),
    51: (5, "510 Cartridges"),
    61: (6, "Live Rosin"),
    81: (8, "Oral Tinctures"),
}
NOTES = ("", "", None, None, "Please call before delivery.", "Dock B — ring twice", "Gracias 🙏", "لا تتأخر")
STATUSES_ONWARD = {
    "Draft": ("submitted",),
    "Submitted": ("accepted", "rejected"),
    "Accepted": ("fulfilled", "backorder", "rejected", "cancelled"),
    "Backorder": ("accepted", "cancelled"),
    "Fulfilled": ("shipped", "cancelled"),
    "Shipped": ("complete",),
    "Complete": (),
    "Rejected": ("submitted",),
    "Cancelled": (),
    "Combined": (),
}
