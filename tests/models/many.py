"""How long tests try many random companies."""

from hypothesis import Phase, settings

# Five of them are loaded at a time. A seed cannot be made smaller: the differing cells say enough.
on_200_companies = settings(max_examples=40, phases=[Phase.generate])
