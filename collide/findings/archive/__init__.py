"""One file for each rule about the archive of a wheel: what pip or the package index refuses."""
