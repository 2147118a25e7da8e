"""Logins by TLS, SCRAM and GSSAPI, minimum versions, certificates of the client, and many of them."""

import os
import threading

import psycopg

import loopback

certificate = loopback.certificate_file()
with open("client.key", "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
    file.write(loopback.KEY)


def login(port, **options):
    try:
        psycopg.connect(host="localhost", port=port, user="somebody", connect_timeout=20, **options)
    except psycopg.OperationalError as e:
        return str(e).strip().rpartition(": ")[2].replace(str(port), "PORT")[:60]


with loopback.server(loopback.answer_as_postgres) as port:
    for options in (
        {"sslmode": "require"},
        {"sslmode": "prefer", "gssencmode": "prefer"},
        {"sslmode": "verify-ca", "sslrootcert": certificate},
        {"sslmode": "verify-full", "sslrootcert": certificate, "sslsni": "0"},
        {
            "sslmode": "verify-full",
            "sslrootcert": certificate,
            "ssl_max_protocol_version": "TLSv1.2",
        },
        {"sslmode": "require", "ssl_min_protocol_version": "TLSv1.3"},
        {"sslmode": "require", "sslcert": certificate, "sslkey": "client.key"},
        {"sslmode": "require", "sslcert": certificate, "sslkey": "none.key"},
        {"sslmode": "verify-full", "sslrootcert": "none.pem"},
    ):
        print(
            sorted(options), login(port, gssencmode=options.pop("gssencmode", "disable"), **options)
        )
    said = []

    def work():
        for _ in range(6):
            said.append(login(port, sslmode="require", gssencmode="disable"))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(len(said), set(said))
print((login(9, gssencmode="require", krbsrvname="x") or "")[:30])
try:
    psycopg.connect("ldap://127.0.0.1:9/x?y?z")
except psycopg.Error as e:
    print(type(e).__name__)
