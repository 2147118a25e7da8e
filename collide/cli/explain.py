"""``collide explain``: how one symbol is searched, a code, a fix, or a page of the docs."""

from __future__ import annotations

from collide import api
from collide.cli.analyses import analyses, import_analyses
from collide.cli.options import (
    after_argument,
    format_argument,
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
    from typing import Any

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
    format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; the result is the exit status. Raises CollideError."""
    if args.symbol is None:
        return _explain_word(args.input, as_json=args.format == "json")
    if args.imports and args.module:
        raise UsageError("--import gives the modules and their order: no --module")
    return _explain_symbol(args)


def _explain_symbol(args: argparse.Namespace) -> int:
    """Print the searches for a symbol; the exit status."""
    from collide.report import explain as report  # late: start-up
    from collide.report import explanation  # late: start-up

    as_json = args.format == "json"
    statuses = {EXIT_NOTHING}
    searches: list[dict[str, Any]] = []
    found_in = import_analyses if args.imports else analyses
    for analysis in found_in(args, [args.input], modes_of(args)):
        if analysis is None:
            statuses.add(EXIT_USAGE)
            continue
        with problems_named(f"{analysis.target.name} on {analysis.host.name}"):
            traces = tuple(api.explain(analysis, args.symbol))
            searches += explanation.searches(analysis, traces) if as_json else ()
            if not as_json:
                write(report.render(analysis, traces), None)
        for module in analysis.modules:
            if module.is_refused:
                complain(f"{module.name}: refused, nothing of it is bound (collide check says why)")
        if traces:
            statuses.add(EXIT_CLEAN)
    if as_json:
        write(explanation.render_searches(searches), None)
    if statuses == {EXIT_NOTHING}:
        complain(f"{args.input}: no reference to {args.symbol} is looked up")
    return overall(statuses)


def _explain_word(word: str, *, as_json: bool) -> int:
    """Print what a code means, a fix, or a page of documentation; the exit status."""
    from collide.findings.fixes import FIXES  # late: start-up
    from collide.report import explanation, topics  # late: start-up
    from collide.report import pages as made  # late: start-up

    by_slug = {code.slug: code for code in api.CODES.values()}
    code = api.CODES.get(word.upper()) or by_slug.get(word.lower())
    if code is not None:
        found: Text | None = explanation.render_code(code) if as_json else made.code_page(code)
    elif page := topics.page(word.lower()):
        found = explanation.render_page(word.lower(), page) if as_json else page
    else:
        found = (explanation.render_fix if as_json else made.fix_page)(word.lower())
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
