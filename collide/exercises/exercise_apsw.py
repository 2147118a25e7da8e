# packages: apsw
"""SQLite: full text search, JSON, backups, virtual tables, and the interpreter's own beside it."""

import sqlite3

import apsw

connection = apsw.Connection("x.db")
print(list(connection.execute("select json_extract('[1,2,3]', '$[1]'), 1.0/3")))
connection.execute("create table t(a, b); create index i on t(a)")
with connection:
    connection.executemany("insert into t values(?, ?)", ((i, str(i) * 3) for i in range(1000)))
print(list(connection.execute("select count(*), max(b), sum(a) from t where a % 7 = 0")))
connection.create_scalar_function("twice", lambda x: 2 * x)
print(connection.execute("select twice(21)").fetchall())
if "ENABLE_FTS5" in apsw.compile_options:
    connection.execute("create virtual table f using fts5(x)")
    connection.execute("insert into f values('some words here')")
    print(list(connection.execute("select * from f where f match 'words'")))
copy = apsw.Connection(":memory:")
with copy.backup("main", connection, "main") as backup:
    backup.step()
print(list(copy.execute("pragma integrity_check")))
try:
    connection.execute("select nothing")
except apsw.SQLError as e:
    print(e)
connection.close()
print(sqlite3.connect("x.db").execute("select count(*) from t").fetchall())
