# packages: psycopg2, psycopg2-binary
"""OpenSSL: TLS connections to a server that speaks the beginning of PostgreSQL's protocol."""

import psycopg2

import loopback

certificate = loopback.certificate_file()
with loopback.server(loopback.answer_as_postgres) as port:
    for mode in ("require", "verify-ca", "verify-full"):
        try:
            psycopg2.connect(
                host="localhost",
                port=port,
                sslmode=mode,
                sslrootcert=certificate,
                user="somebody",
                gssencmode="disable",
                connect_timeout=20,
            )
        except psycopg2.OperationalError as e:
            print(mode, str(e).strip().rpartition(": ")[2])
