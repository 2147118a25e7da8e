"""Editing of lines on a terminal: completion, macros, undo, searches in the history."""

import os
import pty
import sys

import gnureadline

child, terminal = pty.fork()
if child == 0:
    try:
        gnureadline.parse_and_bind("set editing-mode emacs")
        gnureadline.parse_and_bind("tab: complete")
        gnureadline.parse_and_bind('"\\C-x1": "macro"')
        for line in ("first line", "second line", "third"):
            gnureadline.add_history(line)
        gnureadline.set_completer(
            lambda text, n: [text + "pleted", None][n] if text == "com" else None
        )
        hooks = []
        gnureadline.set_pre_input_hook(lambda: hooks.append(1))
        gnureadline.set_startup_hook(lambda: gnureadline.insert_text(">"))
        sys.stdin, sys.stdout = open(0), open(1, "w")
        lines = []
        import builtins

        for _ in range(5):
            lines.append(builtins.input())
        with open("lines", "w") as file:
            file.write(repr(lines) + repr([gnureadline.get_history_item(n) for n in range(1, 5)]))
    finally:
        os._exit(0)
for keys in (
    b"com\t x\n",
    b"abc\x01X\x05Z\x17new\x1f\n",
    b"\x10\x10\n",
    b"\x12sec\n",
    b"\x18\x31\x1bb!\n",
):
    os.write(terminal, keys)
try:
    while os.read(terminal, 1000):
        pass
except OSError:
    pass
_, status = os.waitpid(child, 0)
print(status, os.path.exists("lines"))
gnureadline.clear_history()
gnureadline.set_history_length(3)
for number in range(10):
    gnureadline.add_history(f"line {number}")
gnureadline.replace_history_item(1, "replaced")
gnureadline.remove_history_item(0)
gnureadline.write_history_file("h")
gnureadline.append_history_file(2, "h")
gnureadline.clear_history()
gnureadline.read_history_file("h")
print(gnureadline.get_current_history_length(), open("h").read())
gnureadline.read_init_file("h")
print(gnureadline.get_begidx(), gnureadline.get_endidx(), gnureadline.get_completion_type())
