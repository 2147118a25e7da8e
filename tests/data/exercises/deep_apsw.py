"""Virtual tables, full text, JSON, backup, blobs, sessions, WAL, hooks and threads of SQLite."""

import threading

import apsw
import apsw.sqlite_extra

connection = apsw.Connection("a.db")
connection.execute("pragma journal_mode=wal")
connection.execute("create table t(a integer primary key, b text, c blob, d real)")
with connection:
    connection.executemany(
        "insert into t(b, c, d) values(?, ?, ?)",
        ((f"row {i}", bytes([i % 256]) * 50, i * 1.5) for i in range(3000)),
    )
seen = []
connection.set_update_hook(lambda *args: seen.append(args[0]))
connection.set_commit_hook(lambda: False)
connection.create_scalar_function("twice", lambda x: x * 2)


class Total:
    def __init__(self):
        self.value = 0

    def step(self, x):
        self.value += x

    def final(self):
        return self.value


connection.create_aggregate_function("total2", lambda: (Total(), Total.step, Total.final))
connection.create_collation("backwards", lambda a, b: (a < b) - (a > b))
for query in (
    "select count(*), sum(a), total2(a), max(d) from t",
    "select twice(a) from t where b like 'row 29%' order by b collate backwards limit 3",
    "with recursive n(x) as (select 1 union all select x+1 from n where x<9) select group_concat(x) from n",
    "select sum(a) over (order by a rows between 2 preceding and current row) from t limit 4",
    "select json_extract('{\"a\":[1,{\"b\":2}]}', '$.a[1].b'), json_group_array(a) from t where a < 5",
    "select printf('%08.3f|%x', 3.14159, 255), hex(zeroblob(3)), strftime('%Y', 0, 'unixepoch')",
    "select * from pragma_table_info('t')",
    "explain query plan select * from t where a = 3",
    "select a from t where c = x'05' union select 3 except select 4",
):
    try:
        print(connection.execute(query).fetchall()[:4])
    except apsw.Error as e:
        print(type(e).__name__, e)
for module in ("fts5(x, y)", "fts4(x, y)", "rtree(id, a, b)"):
    try:
        connection.execute(f"create virtual table v using {module}")
        for i in range(200):
            connection.execute(
                "insert into v values(?,?,?)" if "rtree" in module else "insert into v values(?,?)",
                (i, i, i + 1) if "rtree" in module else (f"word{i} common", f"other {i}"),
            )
        where = "a < 5" if "rtree" in module else "v match 'common AND word7*'"
        print(module, len(connection.execute(f"select * from v where {where}").fetchall()))
        connection.execute("drop table v")
    except apsw.Error as e:
        print(module, type(e).__name__)
blob = connection.blob_open("main", "t", "c", 7, True)
blob.write(b"abc")
blob.seek(0)
print(blob.read(5), len(seen))
blob.close()
target = apsw.Connection("b.db")
connection.execute("pragma wal_checkpoint(truncate)")
with target.backup("main", connection, "main") as backup:
    while not backup.done:
        backup.step(10)
print(target.execute("select count(*) from t").fetchall(), target.pragma("integrity_check"))
target.pragma("journal_mode", "delete")
data = target.serialize("main")
other = apsw.Connection(":memory:")
other.deserialize("main", data)
print(other.execute("select count(*) from t").fetchall())
if hasattr(apsw, "Session"):
    session = apsw.Session(other, "main")
    session.attach()
    other.execute("update t set b = 'changed' where a < 20; delete from t where a > 2990")
    changes = session.changeset()
    apsw.Changeset.apply(changes, target)
    print(target.execute("select count(*) from t where b = 'changed'").fetchall())


class Source:
    def Create(self, db, module, name, table, *args):
        return "create table x(a, b)", Table()

    Connect = Create


class Table:
    def BestIndex(self, *args):
        return None

    def Open(self):
        return Cursor()

    def Disconnect(self):
        pass

    Destroy = Disconnect


class Cursor:
    def Filter(self, *args):
        self.at = 0

    def Eof(self):
        return self.at >= 5

    def Rowid(self):
        return self.at

    def Column(self, number):
        return self.at * (number + 1)

    def Next(self):
        self.at += 1

    def Close(self):
        pass


connection.create_module("source", Source())
connection.execute("create virtual table s using source()")
print(connection.execute("select * from s join t on s.a = t.a").fetchall()[:2])
for bad in ("select", "select nope", "insert into t(a) values(1)", "select raise(1)"):
    try:
        connection.execute(bad)
    except apsw.Error as e:
        print(type(e).__name__)
rows = []


def work():
    mine = apsw.Connection("a.db")
    mine.set_busy_timeout(20000)
    for i in range(20):
        mine.execute("insert into t(b) values(?)", (f"thread {i}",))
        rows.append(mine.execute("select count(*) > 3000 from t").fetchall()[0][0])
    mine.close()


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(rows), set(rows))
USES = {
    "base64": "base64(x'010203')",
    "base85": "base85(x'010203')",
    "compress": "length(compress(zeroblob(1000))) < 100",
    "decimal": "decimal_mul('1.5', '2.25')",
    "eval": "eval('select 1+1')",
    "ieee754": "ieee754(45.25)",
    "regexp": "'abc' regexp 'a.c'",
    "rot13": "rot13('abc')",
    "sha1": "sha1('a')",
    "shathree": "hex(sha3('a'))",
    "spellfix": "editdist1('kitten', 'sitting')",
    "sqlar": "length(sqlar_compress(zeroblob(100))) < 50",
    "stmt": "count(*) > 0 from sqlite_stmt",
    "uint": "'a2' < 'a10' collate uint",
    "uuid": "length(uuid())",
    "zorder": "zorder(1, 2)",
}
for name, use in USES.items():
    other = apsw.Connection(":memory:")
    try:
        apsw.sqlite_extra.load(other, name)
        print(name, other.execute(f"select {use}").fetchall())
    except apsw.Error as e:
        print(name, type(e).__name__)
