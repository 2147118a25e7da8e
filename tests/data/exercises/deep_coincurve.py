"""Tweaks, serialisations, contexts, recovery, errors and threads of libsecp256k1."""

import threading

from coincurve import GLOBAL_CONTEXT, PrivateKey, PublicKey, PublicKeyXOnly
from coincurve.context import Context

keys = [PrivateKey(bytes([n]) * 32) for n in range(1, 9)]
for key in keys:
    public = key.public_key
    print(public.format().hex(), public.point(), key.to_der().hex()[:60], key.to_pem()[:30])
    signature = key.sign(b"message", hasher=None) if False else key.sign(b"message")
    print(signature.hex(), public.verify(signature, b"message"), public.verify(signature, b"other"))
    recoverable = key.sign_recoverable(b"message")
    print(
        recoverable.hex(), PublicKey.from_signature_and_message(recoverable, b"message") == public
    )
    print(
        public.add(b"\x05" * 32).format().hex(),
        public.multiply(b"\x07" * 32).format().hex(),
        key.multiply(b"\x07" * 32).to_int(),
    )
    x_only = PublicKeyXOnly.from_secret(key.secret)
    schnorr = key.sign_schnorr(b"m" * 32, aux_randomness=b"\1" * 32)
    x_only.tweak_add(b"\x03" * 32)
    print(
        schnorr.hex(),
        x_only.format().hex(),
        x_only.parity,
        PublicKeyXOnly.from_secret(key.secret).verify(schnorr, b"m" * 32),
    )
print(
    PublicKey.combine_keys([k.public_key for k in keys]).format(False).hex(),
    keys[0].ecdh(keys[1].public_key.format()).hex(),
)
context = Context()
context.reseed()
print(
    PrivateKey(b"\x02" * 32, context).public_key == keys[1].public_key, GLOBAL_CONTEXT is not None
)
for bad in (
    lambda: PublicKey(b"\x02" + b"\xff" * 32),
    lambda: PrivateKey(b"\xff" * 32),
    lambda: keys[0].add(b"\xff" * 32),
    lambda: PublicKey.from_signature_and_message(b"\xff" * 65, b"x"),
    lambda: PublicKey(b"short"),
    lambda: PrivateKey(b"\0" * 32),
    lambda: keys[0].public_key.verify(b"bad", b"x"),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__, str(e)[:50])
done = []


def work():
    for n in range(100):
        made = PrivateKey()
        done.append(made.public_key.verify(made.sign(b"%d" % n), b"%d" % n))


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(done), all(done))
