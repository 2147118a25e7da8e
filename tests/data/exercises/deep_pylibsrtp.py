"""libsrtp over OpenSSL: packets are protected and read again, with two profiles."""

from pylibsrtp import Error, Policy, Session

RTP = b"\x80\x08\x00\x00" + bytes(8) + b"\xd4" * 160
for profile, size in (
    (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 30),
    (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 28),
    (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 44),
):
    key = bytes(range(size))
    sender = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
    receiver = Session(Policy(key=key, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile))
    packet = sender.protect(RTP)
    print(profile, len(packet), packet[12:24].hex(), receiver.unprotect(packet) == RTP)
    try:
        receiver.unprotect(packet[:-1] + bytes([packet[-1] ^ 1]))
    except Error as e:
        print(e)
