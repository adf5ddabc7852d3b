from tests.few_marts import _few_marts  # noqa: F401
