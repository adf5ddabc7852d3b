"""Pages of HTML that stand in one file: nothing is fetched, and everything that is put in is escaped."""

from pipeline.pages.page import page, render

__all__ = ["page", "render"]
