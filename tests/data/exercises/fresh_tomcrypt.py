"""Ciphers, modes, hashes, curves, keys and errors of PyCryptodome."""

import hashlib

from Crypto.Cipher import (
    AES,
    ARC2,
    ARC4,
    CAST,
    DES,
    DES3,
    PKCS1_OAEP,
    Blowfish,
    ChaCha20,
    ChaCha20_Poly1305,
    Salsa20,
)
from Crypto.Hash import (
    CMAC,
    HMAC,
    KMAC128,
    MD2,
    MD4,
    RIPEMD160,
    SHA1,
    SHA3_256,
    SHA256,
    SHA512,
    SHAKE128,
    BLAKE2b,
    keccak,
)
from Crypto.Protocol.KDF import HKDF, PBKDF2, bcrypt, scrypt
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, eddsa, pkcs1_15, pss
from Crypto.Util import number

data = bytes(range(256)) * 3
for cipher, key, size in (
    (AES, b"k" * 32, 16),
    (DES, b"12345678", 8),
    (DES3, bytes(range(24)), 8),
    (Blowfish, b"blow" * 4, 8),
    (CAST, b"cast" * 4, 8),
    (ARC2, b"arc2" * 4, 8),
):
    iv = bytes(range(size))
    for mode in ("ECB", "CBC", "CFB", "OFB", "CTR", "OPENPGP", "EAX"):
        options = {"ECB": {}, "CTR": {"nonce": b"n"}, "EAX": {"nonce": iv}}.get(mode, {"iv": iv})
        made = cipher.new(key, getattr(cipher, f"MODE_{mode}"), **options).encrypt(data)
        if mode == "OPENPGP":
            options = {"iv": made[: size + 2]}
            made = made[size + 2 :]
        back = cipher.new(key, getattr(cipher, f"MODE_{mode}"), **options).decrypt(made)
        print(cipher.__name__[-8:], mode, hashlib.md5(made).hexdigest()[:8], back == data)
for mode in ("GCM", "CCM", "OCB", "SIV"):
    c = AES.new(b"k" * 32, getattr(AES, f"MODE_{mode}"), nonce=b"n" * 12)
    c.update(b"header")
    made, tag = c.encrypt_and_digest(data)
    d = AES.new(b"k" * 32, getattr(AES, f"MODE_{mode}"), nonce=b"n" * 12)
    d.update(b"header")
    print(mode, tag.hex()[:8], d.decrypt_and_verify(made, tag) == data)
    d = AES.new(b"k" * 32, getattr(AES, f"MODE_{mode}"), nonce=b"n" * 12)
    try:
        d.decrypt_and_verify(made, tag)
    except ValueError as e:
        print(type(e).__name__)
for module, options in (
    (ARC4, {}),
    (Salsa20, {"nonce": b"n" * 8}),
    (ChaCha20, {"nonce": b"n" * 12}),
):
    made = module.new(key=b"k" * 32, **options).encrypt(data)
    print(made[:4].hex(), module.new(key=b"k" * 32, **options).decrypt(made) == data)
print(ChaCha20_Poly1305.new(key=b"k" * 32, nonce=b"n" * 12).encrypt_and_digest(data)[1].hex())
for module in (MD2, MD4, RIPEMD160, SHA1, SHA256, SHA512, SHA3_256):
    h = module.new(data[:100])
    copy = h.copy() if hasattr(h, "copy") else None
    h.update(data[100:])
    print(module.__name__[-8:], h.hexdigest()[:16], copy.hexdigest()[:8] if copy else "")
print(
    SHAKE128.new(data).read(8).hex(),
    keccak.new(digest_bits=256, data=data).hexdigest()[:8],
    BLAKE2b.new(digest_bits=512, data=data, key=b"k").hexdigest()[:8],
)
print(
    CMAC.new(b"k" * 16, data, AES).hexdigest(),
    HMAC.new(b"k", data, SHA256).hexdigest()[:8],
    KMAC128.new(key=b"k" * 16, mac_len=16, data=data).hexdigest(),
)
print(
    PBKDF2("pw", b"salt", 32, 100).hex()[:8],
    scrypt("pw", "salt", 16, 64, 8, 1).hex(),
    HKDF(b"m", 16, b"s", SHA256).hex(),
    bcrypt(b"pw", 4, b"s" * 16),
)
rsa = RSA.generate(1024)
sealed = PKCS1_OAEP.new(rsa).encrypt(b"secret")
print(
    PKCS1_OAEP.new(rsa).decrypt(sealed),
    len(rsa.export_key()) > 100,
    RSA.import_key(rsa.export_key(passphrase="p"), "p") == rsa,
)
for scheme in (pkcs1_15, pss):
    signature = scheme.new(rsa).sign(SHA256.new(data))
    print(scheme.new(rsa.public_key()).verify(SHA256.new(data), signature) in (None, True))
for curve in ("P-256", "P-384", "P-521", "Ed25519", "Ed448"):
    k = ECC.generate(curve=curve)
    print(
        curve,
        ECC.import_key(k.export_key(format="PEM")) == k,
        (k.pointQ * 3) == (k.pointQ + k.pointQ + k.pointQ),
    )
    if curve[0] == "P":
        s = DSS.new(k, "deterministic-rfc6979").sign(SHA256.new(data))
        DSS.new(k.public_key(), "fips-186-3").verify(SHA256.new(data), s)
    else:
        s = eddsa.new(k, "rfc8032").sign(data)
        eddsa.new(k.public_key(), "rfc8032").verify(data, s)
    print(len(s))
print(
    number.isPrime(2**127 - 1),
    number.inverse(3, 11),
    number.GCD(48, 18),
    pow(3, 2**61, 2**89 - 1) % 97,
)
for bad in (
    lambda: AES.new(b"x", AES.MODE_ECB),
    lambda: DES3.new(b"a" * 24, DES3.MODE_ECB),
    lambda: AES.new(b"k" * 16, AES.MODE_ECB).encrypt(b"x"),
    lambda: RSA.import_key(b"garbage"),
    lambda: ECC.construct(curve="P-256", point_x=1, point_y=2),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
