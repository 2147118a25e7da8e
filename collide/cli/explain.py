"""``collide explain``: how one symbol is searched, a code, a fix, or a page of the docs."""

from __future__ import annotations

from collide import api
from collide.cli.analyses import analyses, import_analyses
from collide.cli.options import (
    after_argument,
    host_arguments,
    import_argument,
    mode_arguments,
    modes_of,
    module_argument,
)
from collide.cli.streams import EXIT_CLEAN, EXIT_NOTHING, EXIT_USAGE, complain, overall, write
from collide.support.errors import UsageError
from collide.support.faults import problems_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from collide.support.foreign import Text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``collide explain``."""
    parser.add_argument("input", metavar="WHEEL|DIR|SO|CODE|FIX|PAGE")
    parser.add_argument("symbol", nargs="?", metavar="SYMBOL")
    host_arguments(parser, required=False)
    module_argument(parser)
    after_argument(parser)
    import_argument(parser)
    mode_arguments(parser, rtld_global=False)


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    from collide.report import explain as report  # late: start-up

    if args.symbol is None:
        return _explain_word(args.input)
    if args.imports and args.module:
        raise UsageError("--import gives the modules and their order: no --module")
    statuses = {EXIT_NOTHING}
    found_in = import_analyses if args.imports else analyses
    for analysis in found_in(args, [args.input], modes_of(args)):
        if analysis is None:
            statuses.add(EXIT_USAGE)
            continue
        with problems_named(f"{analysis.target.name} on {analysis.host.name}"):
            found = report.render(analysis, api.explain(analysis, args.symbol))
        for module in analysis.modules:
            if module.is_refused:
                complain(f"{module.name}: refused, nothing of it is bound (collide check says why)")
        if found:
            write(found, None)
            statuses.add(EXIT_CLEAN)
    if statuses == {EXIT_NOTHING}:
        complain(f"{args.input}: no reference to {args.symbol} is looked up")
    return overall(statuses)


def _explain_word(word: str) -> int:
    """Print what a code means, a fix, or a page of documentation; the exit status."""
    from collide.findings.fixes import FIXES  # late: start-up
    from collide.report import pages as made  # late: start-up
    from collide.report import topics  # late: start-up

    by_slug = {code.slug: code for code in api.CODES.values()}
    code = api.CODES.get(word.upper()) or by_slug.get(word.lower())
    if code is not None:
        found: Text | None = made.code_page(code)
    else:
        found = topics.page(word.lower()) or made.fix_page(word.lower())
    if found is None:
        from collide.cli.main import COMMANDS  # late: for an error only
        from collide.support.neighbours import neighbour  # late: for an error only

        if word in COMMANDS:
            complain(f"{word} is a command: collide {word} --help")
            return EXIT_USAGE
        pages = topics.topics()
        meant = neighbour(word.upper(), api.CODES) or neighbour(
            word.lower(), [*by_slug, *FIXES, *pages]
        )
        said = f"{word} is no code and no page ({', '.join(pages)}), and no SYMBOL is given"
        complain(f"{said}{meant}")
        return EXIT_USAGE
    write(found, None)
    return EXIT_CLEAN
