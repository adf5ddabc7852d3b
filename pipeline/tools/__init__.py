"""What developers use: the contracts held against a vendor's document, and the page of resources."""
