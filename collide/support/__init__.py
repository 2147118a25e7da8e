"""What every other folder may use: errors, records, text, files, processes, decompression."""
