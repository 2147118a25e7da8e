"""The file systems a loader sees: directories, archives, container images."""
