from tests.few_marts import use_few_marts  # noqa: F401
