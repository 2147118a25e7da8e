"""The command line: one module for each command, with ``add_arguments(parser)`` and ``run(args)``.

A command reads its options, calls :mod:`collide.api` or what that calls, and
writes the result; ``run`` returns the exit status. Only the module of the
command that is run is imported.

An import inside of a function ends in ``# late:`` and the reason, anywhere in
the package: ``start-up`` for what not every run needs and would wait for.
"""
