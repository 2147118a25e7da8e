# packages: psycopg-binary, psycopg-c, psycopg
"""OpenSSL and libpq: TLS connections to a server that speaks the beginning of the protocol."""

import psycopg

import loopback

print(psycopg.pq.__impl__)
loopback.print_postgres_logins(psycopg.connect, psycopg.OperationalError)
