"""uAMQP: a message is encoded; TLS, which it has OpenSSL for, is made up to a connection refused."""

import uamqp
from uamqp import authentication

message = uamqp.Message(b"some text", properties=uamqp.message.MessageProperties(message_id="a"))
print(message.encode_message()[:24].hex())
auth = authentication.SASLPlain("127.0.0.1", "user", "secret", port=1)
client = uamqp.SendClient("amqps://127.0.0.1:1/queue", auth=auth, debug=False)
client.queue_message(message)
try:
    print(client.send_all_messages())
except Exception as e:
    print(type(e).__name__)
