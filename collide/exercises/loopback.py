"""Servers on the loopback interface for the exercises, in threads of the same process.

The certificate and its key are good for nothing else, so that anybody may know them.
"""

import contextlib
import socket
import ssl
import struct
import threading

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUbJ0RwuzoT4NDhUAImr+VL6fBGQcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTA3NTg1NFoYDzIxMjYxMTA1
MDc1ODU0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS5zoFzjRdoyGe448iVNfDrhquXHM4Opb7lN7TvTM1VLRCZkDaZoxgh
MvCuobv4+bXjcij48cQK2JXBhXun++2go28wbTAdBgNVHQ4EFgQUawvJ3J5NHVUE
P1nIxRqF2pJz46AwHwYDVR0jBBgwFoAUawvJ3J5NHVUEP1nIxRqF2pJz46AwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAK0yivgqnjJpRWqpsiHAx6VQPwn6BZ4lYZBIbHJjJD2AAiBy
4EKC4xApI8WYZSLFPGxfLWoExVLC9Oz6gMFT2c7WOg==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgb1q9qD0iIk/WZtQn
stKWcQugcOWpz2PfwSxZDPVAfBihRANCAAS5zoFzjRdoyGe448iVNfDrhquXHM4O
pb7lN7TvTM1VLRCZkDaZoxghMvCuobv4+bXjcij48cQK2JXBhXun++2g
-----END PRIVATE KEY-----
"""
_SSL_REQUEST = struct.pack("!II", 8, 80877103)


@contextlib.contextmanager
def server(answer):
    """The port of a server that calls ``answer`` with each connection, one after the other."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(20)
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        # Wakes up accept(), which closing alone does not.
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def certificate_file():
    """The path of a file with the certificate, in the working directory."""
    with open("certificate.pem", "w") as file:
        file.write(CERTIFICATE)
    return file.name


def encrypted(connection):
    """The connection with TLS on it, as its server."""
    with open("server.pem", "w") as file:
        file.write(CERTIFICATE + KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file.name)
    return context.wrap_socket(connection, server_side=True)


def answer_as_postgres(connection):
    """Shake hands as a PostgreSQL server does, and then refuse to do more.

    Source: PostgreSQL, "Frontend/Backend Protocol", "Message Flow".
    """
    while connection.recv(8) != _SSL_REQUEST:
        connection.sendall(b"N")
    connection.sendall(b"S")
    with encrypted(connection) as tls:
        tls.recv(1000)
        fields = b"SFATAL\0C28000\0Mit has no databases\0\0"
        tls.sendall(b"E" + struct.pack("!I", 4 + len(fields)) + fields)


def print_postgres_logins(connect, refusal):
    """Log in to such a server with each way to check its certificate; ``refusal`` is its answer."""
    certificate = certificate_file()
    with server(answer_as_postgres) as port:
        for mode in ("require", "verify-ca", "verify-full"):
            try:
                connect(
                    host="localhost",
                    port=port,
                    sslmode=mode,
                    sslrootcert=certificate,
                    user="somebody",
                    gssencmode="disable",
                    connect_timeout=20,
                )
            except refusal as e:
                print(mode, str(e).strip().rpartition(": ")[2])


def answer_as_web_server(connection):
    """Read one request over TLS and answer it."""
    with encrypted(connection) as tls:
        while (read := tls.recv(4096)) and not read.endswith(b"\r\n\r\n"):
            pass
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
