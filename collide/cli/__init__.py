"""One module a command: ``add_arguments(parser)`` and ``run(args)``, the exit status.

A command says what goes where (arguments, streams, exit status) and computes
nothing; only the module of the command that was asked for is imported.
"""
