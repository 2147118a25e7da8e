"""The facts of one ELF object, as the gABI defines them."""
