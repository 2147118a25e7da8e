"""Merges, diffs, blame, packs, stashes, worktrees, filters, submodules, and clones by https and ssh."""

import os

import pygit2

import loopback

who = pygit2.Signature("A", "a@example.org", 1700000000, 60)
repository = pygit2.init_repository("r", initial_head="main")


def commit(files, parents, name="refs/heads/main"):
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join("r", path)) or ".", exist_ok=True)
        with open(os.path.join("r", path), "w") as file:
            file.write(text)
        repository.index.add(path)
    repository.index.write()
    return repository.create_commit(
        name, who, who, f"message {sorted(files)}", repository.index.write_tree(), parents
    )


lines = [f"line {n}\n" for n in range(100)]
first = commit({"a": "".join(lines), "d/b": "b\n"}, [])
second = commit({"a": "".join([*lines[:50], "changed\n", *lines[51:]])}, [first])
repository.create_branch("other", repository[first])
repository.checkout("refs/heads/other")
third = commit({"a": "".join(["top\n", *lines]), "c": "c\n" * 5}, [first], "refs/heads/other")
print(
    first,
    second,
    third,
    repository.merge_base(second, third),
    repository.ahead_behind(second, third),
)
merged = repository.merge_commits(second, third)
print(merged.conflicts is None, [e.path for e in merged])
diff = repository.diff(second, third, flags=pygit2.enums.DiffOption.PATIENCE, context_lines=1)
diff.find_similar()
print(diff.stats.insertions, diff.stats.deletions, diff.patch[:300], diff.patchid)
print([(h.final_commit_id == third, h.lines_in_hunk) for h in repository.blame("a")])
print([c.id for c in repository.walk(third, pygit2.enums.SortMode.TOPOLOGICAL)])
tag = repository.create_tag("v1", second, pygit2.enums.ObjectType.COMMIT, who, "tag")
print(
    tag,
    repository.describe(committish=str(second)),
    sorted(repository.references),
    repository.revparse_single("v1^{commit}").id,
)
with open("r/a", "a") as file:
    file.write("dirty\n")
print(repository.status(), repository.stash(who, "stash"), repository.status())
repository.stash_apply()
print(repository.status(), repository.path_is_ignored("x"))
repository.reset(third, pygit2.enums.ResetMode.HARD)
packed = pygit2.init_repository("p", bare=True)
print(len(list(repository)) > 5, repository.pack() > 0, repository.odb.exists(first))
remote = repository.remotes.create("copy", os.path.abspath("p"))
remote.push(["refs/heads/main:refs/heads/main", "refs/heads/other"])
print(
    sorted(packed.references),
    pygit2.clone_repository(os.path.abspath("p"), "c", checkout_branch="main").head.target,
)
repository.config["user.name"] = "é"
print(repository.config["user.name"])
print(
    repository.create_note("words", who, who, str(first)),
    repository.lookup_note(str(first)).message,
)
worktree = repository.add_worktree("w", "w")
print(worktree.name, repository.list_worktrees(), pygit2.discover_repository("w") is not None)


class Callbacks(pygit2.RemoteCallbacks):
    def certificate_check(self, certificate, valid, host):
        print("certificate", host)
        return True

    def credentials(self, url, user, allowed):
        return pygit2.UserPass("u", "p")


def refuse(connection):
    with loopback.encrypted(connection) as tls:
        tls.recv(4096)
        tls.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


with loopback.server(refuse) as port:
    for number in range(4):
        try:
            pygit2.clone_repository(
                f"https://localhost:{port}/x", f"n{number}", callbacks=Callbacks()
            )
        except (pygit2.GitError, KeyError, ValueError) as e:
            print(type(e).__name__, str(e)[:40])
with loopback.server(
    lambda connection: connection.sendall(b"SSH-2.0-x\r\n") or connection.recv(100)
) as port:
    for url in (
        f"ssh://git@127.0.0.1:{port}/x",
        "ssh://git@127.0.0.1:9/x",
        "git://127.0.0.1:9/x",
        "nope://x",
    ):
        try:
            pygit2.clone_repository(url, "s" + url[:3], callbacks=Callbacks())
        except (pygit2.GitError, KeyError, ValueError) as e:
            print(url[:3], type(e).__name__)
