"""Accounts, sessions, group sessions, pickles, signatures and short authentication strings, by libolm."""

import olm

alice, bob = olm.Account(), olm.Account()
print(sorted(alice.identity_keys), alice.max_one_time_keys, len(alice.one_time_keys["curve25519"]))
bob.generate_one_time_keys(5)
keys = bob.one_time_keys["curve25519"]
print(len(keys))
bob.mark_keys_as_published()
print(len(bob.one_time_keys["curve25519"]))
signature = alice.sign("täg message")
print(len(signature), olm.ed25519_verify(alice.identity_keys["ed25519"], "täg message", signature))
one = olm.OutboundSession(alice, bob.identity_keys["curve25519"], next(iter(keys.values())))
first = one.encrypt("hello ☃")
print(type(first).__name__, first.message_type)
two = olm.InboundSession(bob, first, alice.identity_keys["curve25519"])
print(two.decrypt(first), two.matches(first), one.id == two.id)
bob.remove_one_time_keys(two)
for i in range(30):
    a = one.encrypt(f"to bob {i}" * 20)
    b = two.encrypt(f"to alice {i}")
    print(two.decrypt(a)[:12], one.decrypt(b), a.message_type, b.message_type) if i % 10 == 0 else (
        two.decrypt(a),
        one.decrypt(b),
    )
saved = one.pickle("pass")
again = olm.Session.from_pickle(saved, "pass")
late = [two.encrypt(f"n{i}") for i in range(5)]
print([again.decrypt(m) for m in reversed(late)])
account = olm.Account.from_pickle(alice.pickle("key"), "key")
print(account.identity_keys == alice.identity_keys)
group = olm.OutboundGroupSession()
messages = [group.encrypt(f"group {i}") for i in range(3)]
inbound = olm.InboundGroupSession(olm.OutboundGroupSession().session_key)
key = group.session_key
messages += [group.encrypt(f"later {i}") for i in range(4)]
inbound = olm.InboundGroupSession(key)
print(
    [inbound.decrypt(m) for m in messages[3:]],
    inbound.first_known_index,
    group.message_index,
    inbound.id == group.id,
)
exported = inbound.export_session(4)
imported = olm.InboundGroupSession.import_session(exported)
print(imported.decrypt(messages[5]), imported.first_known_index)
print(olm.InboundGroupSession.from_pickle(inbound.pickle("p"), "p").decrypt(messages[4]))
left, right = olm.Sas(), olm.Sas()
left.set_their_pubkey(right.pubkey), right.set_their_pubkey(left.pubkey)
print(
    left.generate_bytes("info", 6) == right.generate_bytes("info", 6),
    left.calculate_mac("m", "i") == right.calculate_mac("m", "i"),
    left.calculate_mac_fixed_base64("m", "i") == right.calculate_mac_fixed_base64("m", "i"),
)
secret = olm.PkDecryption()
sealed = olm.PkEncryption(secret.public_key).encrypt("sealed")
print(secret.decrypt(sealed))
signer = olm.PkSigning(olm.PkSigning.generate_seed())
olm.ed25519_verify(signer.public_key, "x", signer.sign("x"))
print(olm.sha256("abc"))
for bad in (
    lambda: olm.ed25519_verify(alice.identity_keys["ed25519"], "other", signature),
    lambda: two.decrypt(olm.OlmMessage("garbage")),
    lambda: two.decrypt(late[0]),
    lambda: olm.Account.from_pickle(b"garbage", "x"),
    lambda: olm.Session.from_pickle(saved, "wrong"),
    lambda: inbound.decrypt(messages[0]),
    lambda: imported.decrypt(messages[3]),
    lambda: olm.OutboundSession(alice, "bad", "bad"),
    lambda: olm.InboundGroupSession("garbage"),
    lambda: olm.Sas().generate_bytes("x", 5),
):
    try:
        print(bad())
    except Exception as e:
        print(type(e).__name__)
accounts = [olm.Account() for _ in range(20)]
del accounts[::2]
print(len({a.identity_keys["ed25519"] for a in accounts}))
