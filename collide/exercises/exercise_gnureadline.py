# packages: gnureadline
"""GNU readline: the history and its files."""

import gnureadline

gnureadline.parse_and_bind("tab: complete")
for line in ("one", "two", "three"):
    gnureadline.add_history(line)
gnureadline.write_history_file("history")
gnureadline.clear_history()
gnureadline.read_history_file("history")
print(
    [gnureadline.get_history_item(i + 1) for i in range(gnureadline.get_current_history_length())]
)
gnureadline.set_completer_delims(" ")
print(repr(gnureadline.get_completer_delims()), gnureadline.get_line_buffer())
