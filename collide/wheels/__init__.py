"""What is checked: wheels, directories and shared objects."""
