# packages: cryptography
"""OpenSSL: hashes, ciphers, signatures, certificates and keys, beside the interpreter's own."""

import hashlib
import ssl

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import load_pem_x509_certificate

import loopback

digest = hashes.Hash(hashes.SHA256())
digest.update(b"text")
print(digest.finalize().hex() == hashlib.sha256(b"text").hexdigest())
encryptor = Cipher(algorithms.AES(bytes(16)), modes.CBC(bytes(16))).encryptor()
print((encryptor.update(bytes(32)) + encryptor.finalize()).hex())
print(AESGCM(bytes(16)).encrypt(bytes(12), b"text", b"more").hex())
for key in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()):
    extra = [ec.ECDSA(hashes.SHA256())] if isinstance(key, ec.EllipticCurvePrivateKey) else []
    key.public_key().verify(key.sign(b"text", *extra), b"text", *extra)
rsa_key = rsa.generate_private_key(65537, 2048)
pem = rsa_key.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.BestAvailableEncryption(b"secret"),
)
print(serialization.load_pem_private_key(pem, b"secret").key_size)
try:
    serialization.load_pem_private_key(pem, b"wrong")
except ValueError as e:
    print(type(e).__name__)
print(load_pem_x509_certificate(loopback.CERTIFICATE.encode()).subject.rfc4514_string())
with loopback.server(loopback.answer_as_web_server) as port:
    context = ssl.create_default_context(cadata=loopback.CERTIFICATE)
    plain = loopback.socket.create_connection(("localhost", port))
    with context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
        print(tls.version(), tls.recv(4096)[-5:])
