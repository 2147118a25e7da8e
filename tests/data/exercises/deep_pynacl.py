"""Streams, sealed boxes, groups, key exchange, XOF and many threads of libsodium."""

import threading

import nacl.bindings as b
from nacl import exceptions, hash, hashlib, public, pwhash, secret, signing, utils

key = bytes(range(32))
state = b.crypto_secretstream_xchacha20poly1305_state()
header = b.crypto_secretstream_xchacha20poly1305_init_push(state, key)
parts = [
    b.crypto_secretstream_xchacha20poly1305_push(state, x, b"ad", t)
    for x, t in ((b"a", 0), (b"z", 3))
]
state = b.crypto_secretstream_xchacha20poly1305_state()
b.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key)
print([b.crypto_secretstream_xchacha20poly1305_pull(state, p, b"ad") for p in parts])
private = public.PrivateKey(key)
print(public.SealedBox(private).decrypt(public.SealedBox(private.public_key).encrypt(b"sealed")))
print(
    b.crypto_scalarmult_base(key).hex(),
    b.crypto_scalarmult(key, b.crypto_scalarmult_base(key[::-1])).hex(),
)
seed = signing.SigningKey(key)
print(
    seed.to_curve25519_private_key().public_key.encode().hex(),
    seed.verify_key.to_curve25519_public_key(),
)
pk, sk = b.crypto_kx_seed_keypair(key)
pk2, sk2 = b.crypto_kx_seed_keypair(key[::-1])
print([x.hex() for x in b.crypto_kx_client_session_keys(pk, sk, pk2)])
print([x.hex() for x in b.crypto_kx_server_session_keys(pk2, sk2, pk)])
for name in (
    "crypto_aead_chacha20poly1305_ietf",
    "crypto_aead_xchacha20poly1305_ietf",
    "crypto_aead_chacha20poly1305",
):
    size = getattr(b, name + "_NPUBBYTES")
    sealed = getattr(b, name + "_encrypt")(b"text", b"ad", bytes(size), key)
    print(name, sealed.hex(), getattr(b, name + "_decrypt")(sealed, b"ad", bytes(size), key))
if b.has_crypto_core_ed25519:
    point = b.crypto_scalarmult_ed25519_base(b.crypto_core_ed25519_scalar_reduce(key * 2))
    print(
        point.hex(),
        b.crypto_core_ed25519_add(point, point).hex(),
        b.crypto_core_ed25519_is_valid_point(point),
    )
hashing = hashlib.blake2b(b"", digest_size=33, key=key, salt=b"s" * 16, person=b"p" * 16)
for part in (b"one", b"two" * 1000):
    hashing.update(part)
print(
    hashing.copy().hexdigest(),
    hash.sha512(b"x"),
    hash.siphash24(b"x", key=key[:16]),
    hashlib.scrypt(b"p", salt=b"s", n=16, r=8, p=1, dklen=16).hex(),
)
state = b.crypto_sign_ed25519ph_state()
b.crypto_sign_ed25519ph_update(state, b"part")
signature = b.crypto_sign_ed25519ph_final_create(state, seed._signing_key)
print(signature.hex())
for kdf in (pwhash.argon2i, pwhash.argon2id):
    print(kdf.kdf(16, b"pw", b"s" * 16, opslimit=3, memlimit=8192).hex())
    stored = kdf.str(b"pw", opslimit=3, memlimit=8192)
    print(pwhash.verify(stored, b"pw"))
    try:
        pwhash.verify(stored, b"no")
    except exceptions.InvalidkeyError as e:
        print(type(e).__name__)
print(
    b.sodium_pad(b"abc", 16),
    b.sodium_unpad(b.sodium_pad(b"abc", 16), 16),
    b.sodium_increment(b"\xff\0"),
)
print(
    len(utils.random(100)),
    utils.randombytes_deterministic(16, key).hex(),
    b.sodium_memcmp(b"a", b"a"),
)
made = []


def work():
    box = secret.SecretBox(key)
    for _ in range(200):
        made.append(box.decrypt(box.encrypt(b"x" * 300)) == b"x" * 300)


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(made), all(made))
