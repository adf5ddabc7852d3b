"""What products are sorted by and shown with: categories, subcategories, product lines, strains and images."""

from collections.abc import Iterable, Iterator

from pipeline.sandbox.store import filters
from pipeline.sandbox.store.table import Row, Table, plain
from pipeline.sandbox.world.slugs import seller_slug
from pipeline.sandbox.world.vocabulary import CATEGORIES, SELLERS, STRAINS, SUBCATEGORIES

FIRST_STRAIN, STRAIN_COUNT = 100, 40
_FOUNDING_STRAINS = len(STRAINS)  # the others were bred from these
_CLASSES = ("hybrid", "indica", "sativa", "na", "11-cbd", "high-cbd", "sativa-hybrid", "indica-hybrid")
_OF_PRODUCTS = "product IN (SELECT key FROM products WHERE {})"


def _brands_of(text: str, key: str) -> filters.Condition:
    brands = [brand for seller in SELLERS for brand, _ in seller.brands if str(getattr(seller, key)) == text.lower()]
    return filters.Condition(f"{filters.field('brand')} IN ({', '.join(map(str, brands))})")


CATEGORY_TABLE = Table("product-categories/", "id", "INTEGER", {}, "key", {})
SUBCATEGORY_TABLE = Table("product-subcategories/", "id", "INTEGER", {}, "key", {})
LINE_TABLE = Table(
    path="product-lines/",
    filters={
        "id": filters.is_number("key"),
        "brand": filters.is_number(filters.field("brand")),
        "company": lambda text: _brands_of(text, "id"),
        "company_slug": lambda text: _brands_of(text, "slug"),
    },
)
STRAIN_TABLE = Table(
    path="strains/",
    filters={
        "id": filters.is_number("key"),
        "name": filters.equals(filters.field("name")),
        "company": filters.one_of_numbers(filters.field("company")),
        "company_slug": seller_slug(filters.field("company")),
        "company__isnull": filters.is_true(f"{filters.field('company')} IS NULL"),
        "parents": filters.through(
            "EXISTS (SELECT 1 FROM json_each(body, '$.parents') WHERE {})", filters.one_of_numbers("value")
        ),
        "strain_classification": filters.words(filters.field("strain_classification")),
    },
)
IMAGE_TABLE = Table(
    path="product-images/",
    columns={"product": plain("product")},
    filters={
        "id": filters.is_number("key"),
        "product": filters.is_number("product"),
        "company_slug": filters.through(_OF_PRODUCTS, seller_slug(filters.field("seller"))),
    },
)
CATALOG_TABLES = (CATEGORY_TABLE, SUBCATEGORY_TABLE, LINE_TABLE, STRAIN_TABLE, IMAGE_TABLE)


def categories() -> Iterator[Row]:
    """Yield the categories of all goods."""
    for key, name in CATEGORIES.items():
        yield {"id": key, "name": name, "slug": _slug(name), "description": f"{name} of every kind"}


def subcategories() -> Iterator[Row]:
    """Yield the subcategories of all goods."""
    for key, (category, name) in SUBCATEGORIES.items():
        yield {"id": key, "name": name, "slug": _slug(name), "description": "", "category": category}


def product_lines() -> Iterator[Row]:
    """Yield a product line for each brand and category, which is how products name theirs."""
    for seller in SELLERS:
        for brand, _ in seller.brands:
            for position, category in enumerate(CATEGORIES):
                key = brand * 10 + category
                yield {"id": key, "name": f"Line {key}", "brand": brand, "menu_position": position or None}


def strains() -> Iterator[Row]:
    """Yield the strains: the founding ones and LeafLink's others belong to nobody, the last ones to the sellers."""
    for position in range(STRAIN_COUNT):
        generation, founder = divmod(position, _FOUNDING_STRAINS)
        bred_from = {FIRST_STRAIN + founder, FIRST_STRAIN + (founder * 3 + generation) % _FOUNDING_STRAINS}
        yield {
            "id": FIRST_STRAIN + position,
            "name": STRAINS[founder] if generation == 0 else f"{STRAINS[founder]} #{generation}",
            "parents": sorted(bred_from) if generation else [],
            "company": SELLERS[position % len(SELLERS)].id if position >= STRAIN_COUNT * 3 // 4 else None,
            "strain_classification": _CLASSES[position % len(_CLASSES)],
        }


def images(products: Iterable[Row], first: int) -> Iterator[Row]:
    """Yield the images of the products, as many as each says that it has, with ids from `first` on."""
    for product in products:
        for position in range(1, product["image_count"] + 1):
            yield image(first, product["id"], position)
            first += 1


def image(key: int, product: int, position: int) -> Row:
    """Return an image of a product."""
    address = f"https://images.leaflink.example/products/{product}/{key}.jpg"
    return {"id": key, "image": address, "product": product, "position": position}


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
