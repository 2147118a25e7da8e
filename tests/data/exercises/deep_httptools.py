"""Requests, responses, chunks, upgrades, URLs and errors of httptools."""

import httptools


class Log:
    def __init__(self):
        self.seen = []

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)
        return lambda *a: self.seen.append((name, *a))


requests = (
    b"GET /a?b=c HTTP/1.1\r\nHost: x\r\nX: 1\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.0\r\n\r\n",
    b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n5;x=y\r\npedia\r\n0\r\nT: v\r\n\r\n",
    b"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"BAD REQUEST\r\n\r\n",
    b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    b"\x00\x01",
)
for text in requests:
    for step in (1, 7, 1000):
        log = Log()
        parser = httptools.HttpRequestParser(log)
        try:
            for i in range(0, len(text), step):
                parser.feed_data(text[i : i + step])
            print(
                parser.get_method(),
                parser.get_http_version(),
                parser.should_keep_alive(),
                parser.should_upgrade(),
            )
        except Exception as e:
            print(type(e).__name__)
        print(log.seen)
log = Log()
parser = httptools.HttpResponseParser(log)
parser.feed_data(
    b"HTTP/1.1 204 No Content\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)
print(parser.get_status_code(), log.seen)
for url in (
    b"http://u:p@host:8080/p/q?a=b#f",
    b"/only/path",
    b"*",
    b"http://[::1]/",
    b"host:443",
    b"",
    b"ht!tp://x",
):
    try:
        u = httptools.parse_url(url)
        print(u.schema, u.host, u.port, u.path, u.query, u.fragment, u.userinfo)
    except Exception as e:
        print(type(e).__name__)
