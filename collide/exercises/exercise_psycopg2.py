# packages: psycopg2, psycopg2-binary
"""OpenSSL: TLS connections to a server that speaks the beginning of PostgreSQL's protocol."""

import psycopg2

import loopback

loopback.print_postgres_logins(psycopg2.connect, psycopg2.OperationalError)
