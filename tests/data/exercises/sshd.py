"""OpenSSH's server on the loopback interface, in a process of its own, that knows one key."""

import contextlib
import os
import shutil
import socket
import subprocess
import time


@contextlib.contextmanager
def server(*options):
    """The port of a server with these options; the key of its user is in ``user_key``."""
    for name, kind in (
        ("host_key", "ed25519"),
        ("host_rsa", "rsa"),
        ("user_key", "ed25519"),
        ("user_rsa", "rsa"),
    ):
        if not os.path.exists(name):
            subprocess.run(
                ["ssh-keygen", "-q", "-N", "", "-t", kind, "-m", "PEM", "-f", name], check=True
            )
    with open("authorized", "w") as file:
        file.write(open("user_key.pub").read() + open("user_rsa.pub").read())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = os.getcwd()
    os.makedirs("/run/sshd", exist_ok=True)
    command = [
        shutil.which("sshd") or "/usr/sbin/sshd",
        "-D",
        "-e",
        "-f",
        "/dev/null",
        "-p",
        str(port),
    ]
    for option in (
        *("ListenAddress=127.0.0.1", "StrictModes=no", "UsePAM=no", "PermitRootLogin=yes"),
        *(f"HostKey={here}/host_key", f"HostKey={here}/host_rsa", "Subsystem=sftp internal-sftp"),
        *(f"AuthorizedKeysFile={here}/authorized", "PidFile=none", *options),
    ):
        command += ["-o", option]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.1)
    yield port
    process.terminate()
    process.wait()
