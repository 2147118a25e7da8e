"""What every other folder may use: errors, records, text, progress, processes, decompression."""
