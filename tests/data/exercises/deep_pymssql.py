"""Logins with and without encryption to servers that answer in part, parameters and threads of FreeTDS."""

import threading

import pymssql

import loopback


def pre_login(connection):
    connection.recv(1000)
    connection.sendall(
        bytes.fromhex(
            "0401002b000001000000001a000601002000010200210001030022000404002600 01ff".replace(
                " ", ""
            )
        )
        + bytes(9)
    )
    connection.recv(4000)


said = []
for answer in (lambda c: c.recv(10), pre_login, lambda c: c.sendall(bytes(100))):
    with loopback.server(answer) as port:
        for options in (
            {},
            {"encryption": "require"},
            {"encryption": "request"},
            {"encryption": "off"},
            {"tds_version": "7.0"},
            {"charset": "CP1252"},
            {"user": None},
        ):
            try:
                pymssql.connect(
                    "127.0.0.1",
                    options.pop("user", "u"),
                    "p",
                    port=str(port),
                    login_timeout=3,
                    timeout=3,
                    **options,
                )
            except (pymssql.Error, ValueError) as e:
                said.append(type(e).__name__)
print(said)


def work():
    for _ in range(5):
        try:
            pymssql.connect("127.0.0.1", "u", "p", port="9", login_timeout=3)
        except pymssql.OperationalError as e:
            said.append(e.args[0][0])


threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(said), sorted(map(str, set(said))))
from pymssql._mssql import quote_data

print(quote_data((1, "é'", b"x", None, 1.5, True)))
