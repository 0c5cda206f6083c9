"""A whole world to try the product on: everything inside is real, the outside is doubled."""
