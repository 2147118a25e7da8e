"""Hashes, ciphers, keys, certificates, TLS over memory and errors of Mbed TLS by python-mbedtls."""

import datetime as dt
import socket
import threading

from mbedtls import cipher, hashlib, hkdf, hmac, mpi, pk, tls, x509
from mbedtls.cipher import Mode

for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "ripemd160"):
    h = hashlib.new(name, b"abc")
    h.update(b"d" * 1000)
    c = h.copy()
    c.update(b"x")
    print(
        name,
        h.hexdigest(),
        c.hexdigest() != h.hexdigest(),
        hmac.new(b"key", b"msg", name).hexdigest(),
        h.digest_size,
    )
print(hkdf.hkdf(b"secret", 40, b"info", b"salt", hmac.sha256).hex())
for module, size in (
    (cipher.AES, 16),
    (cipher.AES, 32),
    (cipher.ARIA, 16),
    (cipher.Camellia, 16),
    (cipher.DES3, 24),
):
    for mode in (Mode.ECB, Mode.CBC, Mode.CTR, Mode.CFB, Mode.GCM):
        try:
            iv = bytes(12 if mode is Mode.GCM else 8 if module is cipher.DES3 else 16)

            def make():
                return module.new(
                    bytes(range(size)),
                    mode,
                    iv if mode is not Mode.ECB else b"",
                    *([b"aad"] if mode is Mode.GCM else []),
                )

            out = make().encrypt(b"sixteen bytes ok" * 4)
            print(
                module.__name__,
                mode.name,
                (out[0].hex() + out[1].hex()) if isinstance(out, tuple) else out.hex(),
                make().decrypt(*(out if isinstance(out, tuple) else (out,))),
            )
        except Exception as e:
            print(module.__name__, mode.name, type(e).__name__)
for maker in (
    pk.RSA,
    lambda: pk.ECC(pk.Curve.SECP256R1),
    lambda: pk.ECC(pk.Curve.SECP384R1),
    lambda: pk.ECC(pk.Curve.BRAINPOOLP256R1),
):
    key = maker()
    key.generate(*([2048] if isinstance(key, pk.RSA) else []))
    signature = key.sign(b"message", "sha256")
    print(
        key.name,
        key.key_size,
        key.verify(b"message", signature, "sha256"),
        key.verify(b"other", signature, "sha256"),
    )
    for format_ in ("DER", "PEM"):
        again = (
            type(key).from_buffer(key.export_key(format_))
            if format_ == "DER"
            else type(key).from_PEM(key.export_key("PEM"))
        )
        print(again.verify(b"message", signature, "sha256"), again == key)
    if isinstance(key, pk.RSA):
        print(key.decrypt(key.encrypt(b"hello")))
a, b = pk.ECDHServer(pk.ECC(pk.Curve.SECP256R1)), pk.ECDHClient(pk.ECC(pk.Curve.SECP256R1))
b.import_SKE(a.generate())
a.import_CKE(b.generate())
print(a.generate_secret() == b.generate_secret())
now = dt.datetime(2026, 1, 1)
ca_key, key = pk.RSA(), pk.ECC(pk.Curve.SECP256R1)
ca_key.generate()
key.generate()
ca_csr = x509.CSR.new(ca_key, "CN=ca", hashlib.sha256())
ca = x509.CRT.selfsign(
    ca_csr,
    ca_key,
    now - dt.timedelta(days=400),
    now + dt.timedelta(days=9000),
    0x1234,
    x509.BasicConstraints(True, 1),
)
crt = ca.sign(
    x509.CSR.new(key, "CN=localhost", hashlib.sha256()),
    ca_key,
    now - dt.timedelta(days=400),
    now + dt.timedelta(days=9000),
    0x77,
)
print(
    ca.subject,
    crt.issuer,
    crt.serial_number,
    ca.verify(crt),
    crt.verify(ca),
    crt.basic_constraints,
    x509.CRT.from_PEM(crt.to_PEM()) == crt,
    len(crt.digest_type(b"").digest()) if hasattr(crt, "digest_type") else "",
)
store = tls.TrustStore()
store.add(ca)
server_socket = socket.socket()
server_socket.bind(("127.0.0.1", 0))
server_socket.listen()


def serve():
    context = tls.ServerContext(
        tls.TLSConfiguration(certificate_chain=([crt, ca], key), validate_certificates=False)
    )
    conn, _ = server_socket.accept()
    s = context.wrap_socket(conn)
    try:
        s.do_handshake()
        s.send(s.recv(1000)[::-1])
        s.close()
    except Exception as e:
        print("server", isinstance(e, OSError))


thread = threading.Thread(target=serve)
thread.start()
context = tls.ClientContext(tls.TLSConfiguration(trust_store=store, validate_certificates=True))
c = context.wrap_socket(
    socket.create_connection(server_socket.getsockname()), server_hostname="localhost"
)
try:
    c.do_handshake()
    c.send(b"hello")
    print(c.cipher()[1:], c.negotiated_tls_version(), c.recv(100))
except Exception as e:
    print("client", type(e).__name__)
c.close()
thread.join(20)
print(
    mpi.MPI(2**200) % mpi.MPI(10**9 + 7),
    mpi.MPI.prime(64) > 0,
    pow(mpi.MPI(3), mpi.MPI(1000), mpi.MPI(2**61 - 1)),
)
for bad in (
    lambda: pk.RSA.from_PEM("garbage"),
    lambda: x509.CRT.from_buffer(b"x" * 50),
    lambda: cipher.AES.new(b"short", Mode.CBC, bytes(16)),
    lambda: hashlib.new("none"),
    lambda: cipher.AES.new(bytes(16), Mode.GCM, bytes(12), b"").decrypt(b"x" * 16, bytes(16)),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
