# packages: pygit2
"""libgit2: a repository with commits, a difference and a failing clone."""

import pygit2

repository = pygit2.init_repository("r")
author = pygit2.Signature("A", "a@example.org", 1700000000, 0)
parents = []
for text in (b"one\n", b"one\ntwo\n"):
    tree = repository.TreeBuilder()
    tree.insert("file", repository.create_blob(text), pygit2.enums.FileMode.BLOB)
    parents = [
        repository.create_commit("refs/heads/main", author, author, "m", tree.write(), parents)
    ]
    print(parents[0])
commit = repository[parents[0]]
print(commit.tree.diff_to_tree(commit.parents[0].tree).patch)
try:
    pygit2.clone_repository("https://127.0.0.1:9/none", "c")
except pygit2.GitError as e:
    print(type(e).__name__)
