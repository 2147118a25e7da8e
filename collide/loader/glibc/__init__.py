"""The rules of glibc's ld.so."""
