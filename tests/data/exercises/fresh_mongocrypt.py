"""Fields encrypted and decrypted with a local key, by algorithms and with queries, and errors, by libmongocrypt."""

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongocrypt.binding import libmongocrypt_version
from pymongocrypt.errors import MongoCryptError
from pymongocrypt.explicit_encrypter import ExplicitEncrypter
from pymongocrypt.mongocrypt import MongoCrypt, MongoCryptOptions
from pymongocrypt.synchronous.state_machine import MongoCryptCallback

options = CodecOptions(uuid_representation=UuidRepresentation.STANDARD)


class Callback(MongoCryptCallback):
    def __init__(self):
        self.keys = []

    def kms_request(self, kms_context):
        raise NotImplementedError

    def collection_info(self, database, filter):
        return []

    def mark_command(self, database, command):
        return command

    def fetch_keys(self, filter):
        yield from self.keys

    def insert_data_key(self, data_key):
        self.keys.append(bytes(data_key))
        return bson.decode(data_key)["_id"]

    def bson_encode(self, doc):
        return bson.encode(doc, codec_options=options)

    def close(self):
        pass


print(libmongocrypt_version()[:2] >= "1.")
callback = Callback()
crypt = MongoCryptOptions({"local": {"key": b"\x07" * 96}})
encrypter = ExplicitEncrypter(callback, crypt)
encrypter.create_data_key("local", key_alt_names=["name"], key_material=None)
print(
    len(callback.keys),
    bson.decode(callback.keys[0])["keyAltNames"],
    bson.decode(callback.keys[0])["masterKey"],
)
identity = bson.decode(callback.keys[0])["_id"]
fixed = "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic"
random = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
for value in ("text", 42, b"\1\2" * 500, {"a": [1, 2, {"b": None}]}, 3.5, True):
    for algorithm in (fixed, random):
        try:
            made = [
                encrypter.encrypt(bson.encode({"v": value}), algorithm, key_id=bytes(identity))
                for _ in range(2)
            ]
        except MongoCryptError as e:
            print(type(value).__name__, algorithm[-6:], type(e).__name__)
            continue
        sealed = bson.decode(made[0])["v"]
        print(
            type(value).__name__,
            algorithm[-6:],
            made[0] == made[1],
            sealed.subtype,
            bson.decode(encrypter.decrypt(made[0]))["v"] == value,
        )
by_name = encrypter.encrypt(bson.encode({"v": "x"}), fixed, key_alt_name="name")
print(bson.decode(encrypter.decrypt(by_name)))
for kind in ("indexed", "unindexed"):
    try:
        q = encrypter.encrypt(
            bson.encode({"v": "q"}), kind, key_id=bytes(identity), contention_factor=0
        )
        print(kind, bson.decode(q)["v"].subtype)
    except MongoCryptError as e:
        print(kind, type(e).__name__)
damaged = bytearray(made[0])
damaged[-10] ^= 1
for bad in (
    lambda: encrypter.decrypt(bytes(damaged)),
    lambda: encrypter.decrypt(bson.encode({"v": "plain"})),
    lambda: encrypter.encrypt(bson.encode({"v": 1}), "none such", key_id=bytes(identity)),
    lambda: encrypter.encrypt(bson.encode({"v": 1}), fixed, key_id=b"\0" * 16),
    lambda: ExplicitEncrypter(callback, MongoCryptOptions({"local": {"key": b"short"}})),
    lambda: MongoCryptOptions({}),
    lambda: encrypter.create_data_key("aws"),
):
    try:
        print(type(bad()).__name__)
    except Exception as e:
        print(type(e).__name__)
mongocrypt = MongoCrypt(crypt, callback)
with mongocrypt.decryption_context(bson.encode({"a": {"b": bson.decode(made[1])["v"]}})) as context:
    print(context.state)
mongocrypt.close()
encrypter.close()
