# packages: pynacl
"""libsodium: signatures, boxes, hashes and passwords."""

from nacl import exceptions, hash, pwhash, secret, signing
from nacl.public import Box, PrivateKey

key = signing.SigningKey(bytes(range(32)))
print(key.sign(b"text").hex())
box = secret.SecretBox(bytes(32))
print(box.encrypt(b"text", bytes(24)).hex(), hash.blake2b(b"text"))
try:
    box.decrypt(bytes(60))
except exceptions.CryptoError as e:
    print(e)
print(pwhash.argon2id.kdf(16, b"password", bytes(16), 1, 8192).hex())
one, two = PrivateKey(bytes(range(32))), PrivateKey(bytes(range(1, 33)))
print(Box(two, one.public_key).decrypt(Box(one, two.public_key).encrypt(b"text")))
