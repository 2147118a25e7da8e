"""Pools of packages solved for installs, updates, conflicts and problems, transactions and files, by libsolv."""

import os
import tempfile

import solv

REPOSITORY = """\
=Ver: 3.0
=Pkg: app 1.0 1 noarch
=Prv: app = 1.0-1
=Req: lib >= 1.5
=Pkg: app 2.0 1 noarch
=Prv: app = 2.0-1
=Req: lib >= 2.0
=Rec: docs
=Pkg: lib 1.5 1 noarch
=Prv: lib = 1.5-1
=Pkg: lib 2.1 3 noarch
=Prv: lib = 2.1-3
=Con: old
=Pkg: docs 1 1 noarch
=Prv: docs = 1-1
=Pkg: old 1 1 noarch
=Prv: old = 1-1
=Pkg: broken 1 1 noarch
=Prv: broken = 1-1
=Req: nothing-has-this
=Pkg: choice-a 1 1 noarch
=Prv: choice
=Pkg: choice-b 1 1 noarch
=Prv: choice
"""
INSTALLED = "=Ver: 3.0\n=Pkg: app 1.0 1 noarch\n=Prv: app = 1.0-1\n=Req: lib >= 1.5\n=Pkg: lib 1.5 1 noarch\n=Prv: lib = 1.5-1\n"
with tempfile.TemporaryDirectory() as directory:

    def pool(installed=False):
        p = solv.Pool()
        p.setarch("x86_64")
        made = []
        for name, text in (("repo", REPOSITORY), ("system", INSTALLED)):
            repo = p.add_repo(name)
            if name == "repo" or installed:
                path = os.path.join(directory, name)
                with open(path, "w") as f:
                    f.write(text)
                f = solv.xfopen(path)
                made.append(
                    repo.add_testtags(f) if hasattr(repo, "add_testtags") else add(p, repo, text)
                )
                f.close()
            if name == "system" and installed:
                p.installed = repo
        p.addfileprovides()
        p.createwhatprovides()
        return p

    def add(p, repo, text):
        s = None
        for line in text.splitlines():
            kind, _, rest = line.partition(": ")
            words = rest.split()
            if kind == "=Pkg":
                s = repo.add_solvable()
                s.name, s.evr, s.arch = words[0], f"{words[1]}-{words[2]}", words[3]
            elif kind != "=Ver":
                dep = p.Dep(words[0])
                if len(words) == 3:
                    flag = {"=": solv.REL_EQ, ">=": solv.REL_EQ | solv.REL_GT}[words[1]]
                    dep = dep.Rel(flag, p.Dep(words[2]))
                {
                    "=Prv": s.add_provides,
                    "=Req": s.add_requires,
                    "=Rec": s.add_recommends,
                    "=Con": s.add_conflicts,
                }[kind](dep)
        return True

    def solve(p, *wanted, flags=()):
        jobs = []
        for name, action in wanted:
            selection = p.select(
                name,
                solv.Selection.SELECTION_NAME
                | solv.Selection.SELECTION_PROVIDES
                | solv.Selection.SELECTION_REL,
            )
            jobs += selection.jobs(action)
        solver = p.Solver()
        for flag in flags:
            solver.set_flag(flag, 1)
        problems = solver.solve(jobs)
        if problems:
            return [
                "problem",
                len(problems),
                sorted(
                    str(r.info().problemstr()) if hasattr(r, "info") else ""
                    for q in problems
                    for r in [q.findproblemrule()]
                ),
                len(problems[0].solutions()) > 0,
            ]
        t = solver.transaction()
        return (
            sorted(str(s) for s in t.newsolvables()),
            sorted(f"{c.type}:{c.count}" for c in t.classify()),
            t.isempty(),
        )

    for installed in (False, True):
        p = pool(installed)
        print(installed, len(p.solvables), sorted(str(s) for s in p.solvables))
        for wanted in (
            ["app"],
            ["lib"],
            ["app", "old"],
            ["broken"],
            ["choice"],
            ["lib = 1.5-1"],
            ["app", "docs"],
        ):
            print(wanted, solve(p, *((w, solv.Job.SOLVER_INSTALL) for w in wanted)))
        print(solve(p, ("app", solv.Job.SOLVER_ERASE)), solve(p, ("app", solv.Job.SOLVER_UPDATE)))
        print(
            solve(
                p,
                ("app", solv.Job.SOLVER_INSTALL),
                flags=(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED,),
            )
        )
        print(sorted(str(s) for s in p.whatprovides(p.Dep("choice"))), p.Dep("lib").str())
        for a, b in (("1.0", "1.1"), ("1.0-1", "1.0-2"), ("2:1", "1:9"), ("1.0~rc", "1.0")):
            print(a, b, p.evrcmp_str(a, b) if hasattr(p, "evrcmp_str") else "", end=" ")
        print()
        for s in sorted(p.solvables, key=str)[:3]:
            print(
                s.name,
                s.evr,
                s.arch,
                [str(d) for d in s.lookup_deparray(solv.SOLVABLE_REQUIRES)],
                s.repo.name,
            )
    del s
    p = pool()
    path = os.path.join(directory, "a.solv")
    f = solv.xfopen(path, "w")
    print(list(p.repos)[0].write(f))
    f.close()
    other = solv.Pool()
    repo = other.add_repo("again")
    f = solv.xfopen(path)
    print(repo.add_solv(f), sorted(str(s) for s in repo.solvables)[:3], repo.nsolvables)
    f.close()
    checksum = solv.Chksum(solv.REPOKEY_TYPE_SHA256)
    checksum.add("täg")
    print(checksum.hex(), checksum.typestr())
    with open(path, "wb") as out:
        out.write(b"garbage" * 50)
    f = solv.xfopen(path)
    wrong = solv.Pool()
    print(wrong.add_repo("x").add_solv(f))
    f.close()
    for bad in (
        lambda: solv.xfopen("/no/such"),
        lambda: p.select("none", 1).isempty(),  # noqa: F821
        lambda: p.id2solvable(9999),  # noqa: F821
    ):
        try:
            print(bad())
        except Exception as e:
            print(type(e).__name__)
    del repo, f, checksum
    del wrong, other, p
