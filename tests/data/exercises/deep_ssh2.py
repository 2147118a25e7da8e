"""Key exchanges by all methods, public keys, commands, SFTP and errors of libssh2."""

import getpass
import socket

import sshd
from ssh2.exceptions import SSH2Error
from ssh2.session import Session
from ssh2.sftp import LIBSSH2_FXF_CREAT, LIBSSH2_FXF_READ, LIBSSH2_FXF_WRITE


def session_to(port):
    plain = socket.create_connection(("127.0.0.1", port))
    session = Session()
    session.handshake(plain)
    return plain, session


for kex in (
    *("curve25519-sha256", "ecdh-sha2-nistp256", "ecdh-sha2-nistp521"),
    *(
        "diffie-hellman-group14-sha256",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group-exchange-sha256",
    ),
):
    with sshd.server(f"KexAlgorithms={kex}") as port:
        try:
            plain, session = session_to(port)
            print(kex, len(session.hostkey_hash(2)) if hasattr(session, "hostkey_hash") else "")
        except SSH2Error as e:
            print(kex, type(e).__name__)
for cipher in (
    "aes128-ctr",
    "aes256-ctr",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-cbc",
):
    for mac in ("hmac-sha2-256", "hmac-sha2-512-etm@openssh.com"):
        with sshd.server(f"Ciphers={cipher}", f"MACs={mac}") as port:
            try:
                plain, session = session_to(port)
                session.userauth_publickey_fromfile(getpass.getuser(), "user_key")
                print(cipher, mac, session.userauth_authenticated())
            except SSH2Error as e:
                print(cipher, mac, type(e).__name__)
for host_key in ("ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512"):
    with sshd.server(f"HostKeyAlgorithms={host_key}") as port:
        for key in ("user_key", "user_rsa", "none"):
            try:
                plain, session = session_to(port)
                print(session.userauth_list(getpass.getuser()))
                session.userauth_publickey_fromfile(getpass.getuser(), key)
                channel = session.open_session()
                channel.execute("head -c 300000 /dev/zero; exit 3")
                total = 0
                while True:
                    size, data = channel.read(32000)
                    if size <= 0:
                        break
                    total += size
                channel.close()
                channel.wait_closed()
                print(host_key, key, total, channel.get_exit_status())
                sftp = session.sftp_init()
                with sftp.open(
                    "/tmp/collide-sftp", LIBSSH2_FXF_CREAT | LIBSSH2_FXF_WRITE, 0o600
                ) as file:
                    file.write(b"x" * 50000)
                with sftp.open("/tmp/collide-sftp", LIBSSH2_FXF_READ, 0) as file:
                    print(sum(size for size, _ in file))
                sftp.unlink("/tmp/collide-sftp")
            except SSH2Error as e:
                print(host_key, key, type(e).__name__)
