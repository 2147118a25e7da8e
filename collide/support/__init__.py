"""What every other folder may use: errors, records, text, processes, inflating."""
