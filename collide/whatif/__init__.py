"""What would bind where if an object or a host were linked in another way."""
