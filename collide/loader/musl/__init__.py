"""The rules of musl's ld.so."""
