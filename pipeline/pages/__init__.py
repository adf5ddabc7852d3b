"""Pages of HTML that stand in one file: nothing is fetched, and everything that is put in is escaped."""

from pipeline.pages.page import page, render
from pipeline.pages.writing import write_page

__all__ = ["page", "render", "write_page"]
