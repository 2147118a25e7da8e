"""Requests of curl_cffi to a server of its own: content encodings, HTTP/1.1, forms, errors."""

import gzip
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from curl_cffi import Curl, CurlOpt, requests

BODY = b"".join(b"line %d of some text\n" % n for n in range(20000))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        data, encoding = BODY, ""
        if self.path == "/gzip":
            data, encoding = gzip.compress(BODY), "gzip"
        elif self.path == "/deflate":
            data, encoding = zlib.compress(BODY), "deflate"
        self.send_response(200)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_address[1]}"
for path in ("/plain", "/gzip", "/deflate"):
    answer = requests.get(address + path)
    print(path, answer.status_code, answer.content == BODY)
print(requests.post(address, data={"a": "1", "b": "é"}).text)
print(requests.post(address, json={"a": [1, 2]}).json())
with requests.Session(impersonate="chrome") as session:
    for _ in range(3):
        print(session.get(address + "/gzip").content == BODY)
for bad in ("http://127.0.0.1:1/", "nonsense://x", "https://127.0.0.1:1/"):
    try:
        requests.get(bad, timeout=5)
    except Exception as e:
        print(type(e).__name__, getattr(e, "code", None))
curl = Curl()
print("zstd" in curl.version().decode().lower() or "brotli" in curl.version().decode().lower())
curl.setopt(CurlOpt.URL, address.encode())
print(len(curl.version()) > 20)
server.shutdown()
