# packages: psycopg-binary, psycopg-c, psycopg
"""OpenSSL and libpq: TLS connections to a server that speaks the beginning of the protocol."""

import psycopg

import loopback

print(psycopg.pq.__impl__)
certificate = loopback.certificate_file()
with loopback.server(loopback.answer_as_postgres) as port:
    for mode in ("require", "verify-ca", "verify-full"):
        try:
            psycopg.connect(
                host="localhost",
                port=port,
                sslmode=mode,
                sslrootcert=certificate,
                user="somebody",
                gssencmode="disable",
                connect_timeout=20,
            )
        except psycopg.OperationalError as e:
            print(mode, str(e).strip().rpartition(": ")[2])
