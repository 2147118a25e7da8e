"""All hashes, curves and ciphers, X.509, PKCS 12, derivations, and threads beside the interpreter's TLS."""

import datetime
import hashlib
import ssl
import threading

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import cmac, hashes, hmac, padding, serialization
from cryptography.hazmat.primitives.asymmetric import dh, dsa, ec, ed448, ed25519, rsa, x448, x25519
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
from cryptography.hazmat.primitives.kdf import hkdf, pbkdf2, scrypt
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

import loopback

for kind in (hashes.SHA1, hashes.SHA224, hashes.SHA512, hashes.SHA3_256, hashes.MD5, hashes.SM3):
    digest = hashes.Hash(kind())
    digest.update(b"text")
    print(kind.name, digest.copy().finalize().hex())
for mode in (
    modes.CBC(bytes(16)),
    modes.CTR(bytes(16)),
    modes.GCM(bytes(12)),
    modes.CFB(bytes(16)),
    modes.ECB(),
):
    encryptor = Cipher(algorithms.AES(bytes(32)), mode).encryptor()
    print(mode.name, (encryptor.update(bytes(48)) + encryptor.finalize()).hex())
for kind in (
    aead.AESGCM,
    aead.ChaCha20Poly1305,
    aead.AESCCM,
    aead.AESOCB3,
    aead.AESSIV,
    aead.AESGCMSIV,
):
    try:
        cipher = kind(bytes(range(32)))
        sealed = (
            cipher.encrypt(bytes(12), b"text", b"more")
            if kind is not aead.AESSIV
            else cipher.encrypt(b"text", [b"more"])
        )
        print(kind.__name__, sealed.hex())
        cipher.decrypt(
            bytes(12), sealed[:-1] + b"x", b"more"
        ) if kind is not aead.AESSIV else cipher.decrypt(sealed[:-1] + b"x", [b"more"])
    except (InvalidTag, UnsupportedAlgorithm) as e:
        print(type(e).__name__)
for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1, ec.SECP256K1, ec.BrainpoolP256R1):
    key = ec.derive_private_key(12345, curve())
    print(
        curve.name,
        key.public_key().public_numbers().x,
        key.exchange(ec.ECDH(), ec.derive_private_key(54321, curve()).public_key()).hex(),
    )
    signature = key.sign(b"text", ec.ECDSA(hashes.SHA384()))
    try:
        key.public_key().verify(signature, b"other", ec.ECDSA(hashes.SHA384()))
    except InvalidSignature as e:
        print(type(e).__name__)
for kind in (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey):
    key = kind.from_private_bytes(bytes(range(32 if kind is ed25519.Ed25519PrivateKey else 57)))
    print(key.sign(b"text").hex())
print(
    x25519.X25519PrivateKey.from_private_bytes(bytes(range(32)))
    .public_key()
    .public_bytes_raw()
    .hex(),
    len(x448.X448PrivateKey.generate().private_bytes_raw()),
)
key = rsa.generate_private_key(65537, 2048)
for pad in (rsa_padding.PKCS1v15(), rsa_padding.PSS(rsa_padding.MGF1(hashes.SHA256()), 20)):
    key.public_key().verify(key.sign(b"text", pad, hashes.SHA256()), b"text", pad, hashes.SHA256())
oaep = rsa_padding.OAEP(rsa_padding.MGF1(hashes.SHA1()), hashes.SHA256(), b"label")
print(key.decrypt(key.public_key().encrypt(b"text", oaep), oaep))
print(dsa.generate_private_key(1024).key_size, dh.DHParameterNumbers(2**1023 + 1155, 5).g)
for derive in (
    hkdf.HKDF(hashes.SHA256(), 20, b"salt", b"info"),
    pbkdf2.PBKDF2HMAC(hashes.SHA512(), 20, b"salt", 1000),
    scrypt.Scrypt(b"salt", 20, 16, 8, 1),
):
    print(derive.derive(b"secret").hex())
code = hmac.HMAC(b"key", hashes.SHA256())
code.update(b"text")
print(
    code.finalize().hex(),
    len(Fernet(Fernet.generate_key()).encrypt(b"x")) > 50,
    padding.PKCS7(128).unpadder() is not None,
)
name = x509.Name(
    [
        x509.NameAttribute(x509.NameOID.COMMON_NAME, "é"),
        x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "DE"),
    ]
)
start = datetime.datetime(2026, 1, 1)
builder = (
    x509.CertificateBuilder()
    .subject_name(name)
    .issuer_name(name)
    .public_key(key.public_key())
    .serial_number(77)
    .not_valid_before(start)
    .not_valid_after(start + datetime.timedelta(90))
)
builder = builder.add_extension(
    x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.RFC822Name("a@b.example")]),
    critical=False,
).add_extension(x509.BasicConstraints(True, 1), critical=True)
certificate = builder.sign(key, hashes.SHA256())
print(
    certificate.subject.rfc4514_string(),
    certificate.extensions[0].value,
    certificate.serial_number,
    certificate.signature_hash_algorithm.name,
)
bundle = pkcs12.serialize_key_and_certificates(
    b"n", key, certificate, None, serialization.BestAvailableEncryption(b"pw")
)
print(pkcs12.load_pkcs12(bundle, b"pw").cert.certificate == certificate)
signed = (
    pkcs7.PKCS7SignatureBuilder()
    .set_data(b"text")
    .add_signer(certificate, key, hashes.SHA256())
    .sign(serialization.Encoding.SMIME, [])
)
print(
    len(signed) > 500,
    len(
        pkcs7.load_pem_pkcs7_certificates(
            pkcs7.serialize_certificates([certificate], serialization.Encoding.PEM)
        )
    ),
)
for form in (
    serialization.PrivateFormat.PKCS8,
    serialization.PrivateFormat.TraditionalOpenSSL,
):
    pem = key.private_bytes(
        serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"pw")
    )
    print(serialization.load_pem_private_key(pem, b"pw").key_size)
for bad in (b"nonsense", loopback.CERTIFICATE.encode()[:200]):
    try:
        x509.load_pem_x509_certificate(bad)
    except ValueError as e:
        print(type(e).__name__)
done = []


def work(port):
    context = ssl.create_default_context(cadata=loopback.CERTIFICATE)
    for _ in range(5):
        done.append(
            hashlib.sha512(aead.AESGCM(bytes(16)).encrypt(bytes(12), b"x" * 1000, b"")).hexdigest()[
                :4
            ]
        )
        with (
            loopback.socket.create_connection(("localhost", port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as tls,
        ):
            tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
            done.append(tls.recv(4096)[-5:])


with loopback.server(loopback.answer_as_web_server) as port:
    threads = [threading.Thread(target=work, args=[port]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(len(done), sorted(set(map(str, done))), cmac.CMAC is not None)
