# packages: pymssql
"""FreeTDS with OpenSSL: a connection that is refused, and one to a server that says nothing."""

import pymssql

import loopback

with loopback.server(lambda connection: connection.recv(100)) as port:
    for number in (9, port):
        try:
            pymssql.connect("127.0.0.1", "user", "password", port=str(number), login_timeout=10)
        except pymssql.OperationalError as e:
            print(e.args[0][0] if isinstance(e.args[0], tuple) else type(e).__name__)
print(pymssql.Binary(b"x"), pymssql.get_dbversion().split()[0])
