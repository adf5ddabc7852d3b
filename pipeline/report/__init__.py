"""The page that people look at: `report.html`, one file that needs no network."""
