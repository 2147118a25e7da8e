"""Many transfers, multi handles, HTTP/2 and HTTP/3, forms, cookies, encodings and share handles."""

import gzip
import http.server
import io
import threading
import zlib

import pycurl

import loopback

PAGE = b"some text, " * 500


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        accepted = self.headers.get("Accept-Encoding", "")
        body, encoding = PAGE, None
        if self.path == "/gzip" and "gzip" in accepted:
            body, encoding = gzip.compress(PAGE), "gzip"
        if self.path == "/deflate" and "deflate" in accepted:
            body, encoding = zlib.compress(PAGE), "deflate"
        if self.path == "/move":
            self.send_response(302)
            self.send_header("Location", "/gzip")
            body = b""
        else:
            self.send_response(200)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.send_header("Set-Cookie", "a=b; path=/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        read = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = b"%d" % (len(read) > 0)
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


plain = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=plain.serve_forever, daemon=True).start()
where = f"http://127.0.0.1:{plain.server_port}"


def prepared(url):
    curl, body = pycurl.Curl(), io.BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.WRITEDATA, body)
    curl.setopt(pycurl.TIMEOUT, 20)
    curl.setopt(pycurl.FOLLOWLOCATION, True)
    curl.setopt(pycurl.ACCEPT_ENCODING, "")
    curl.setopt(pycurl.COOKIEFILE, "")
    return curl, body


for path in ("/", "/gzip", "/deflate", "/move"):
    curl, body = prepared(where + path)
    curl.perform()
    print(path, curl.getinfo(pycurl.RESPONSE_CODE), body.getvalue() == PAGE)
    print([c.split("\t")[-2:] for c in curl.getinfo(pycurl.INFO_COOKIELIST)])
    curl.close()
curl, body = prepared(where + "/form")
curl.setopt(
    pycurl.HTTPPOST,
    [("a", "1"), ("b", (pycurl.FORM_BUFFER, "f", pycurl.FORM_BUFFERPTR, b"x" * 5000))],
)
curl.perform()
print(body.getvalue())
multi, handles = pycurl.CurlMulti(), []
for number in range(20):
    one = prepared(where + ("/", "/gzip")[number % 2])
    handles.append(one)
    multi.add_handle(one[0])
running = 20
while running:
    _, running = multi.perform()
    multi.select(0.1)
print(sum(body.getvalue() == PAGE for _, body in handles), len(multi.info_read(50)[1]))
certificate = loopback.certificate_file()
share = pycurl.CurlShare()
share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_SSL_SESSION)
for version in ("1_1", "2_0", "2TLS", "3", "3ONLY"):
    number = getattr(pycurl, f"CURL_HTTP_VERSION_{version}", None)
    if number is None:
        continue
    for verify in (True, False):
        # A server each: a connection that is tried beside HTTP/3 may keep one waiting.
        with loopback.server(loopback.answer_as_web_server) as port:
            curl, body = prepared(f"https://localhost:{port}/")
            if verify:
                curl.setopt(pycurl.CAINFO, certificate)
            else:
                curl.setopt(pycurl.SSL_VERIFYPEER, 0)
            curl.setopt(pycurl.SHARE, share)
            try:
                curl.setopt(pycurl.HTTP_VERSION, number)
                curl.setopt(pycurl.OPT_CERTINFO, 1)
                curl.setopt(pycurl.TIMEOUT, 5)
                curl.perform()
                print(version, body.getvalue())
            except pycurl.error as e:
                print(version, e.args[0])
            curl.close()
with loopback.server(loopback.answer_as_web_server) as port:
    curl, body = prepared(f"https://localhost:{port}/")
    try:
        curl.perform()
    except pycurl.error as e:
        print(e.args[0])
    for low in (pycurl.SSLVERSION_TLSv1_2, pycurl.SSLVERSION_TLSv1_3):
        for _ in range(10):
            curl, body = prepared(f"https://localhost:{port}/")
            curl.setopt(pycurl.CAINFO, certificate)
            curl.setopt(pycurl.SSLVERSION, low)
            curl.perform()
        print(body.getvalue())
for url in (
    "ftp://127.0.0.1:9/",
    "scp://127.0.0.1:9/x",
    "ldap://127.0.0.1:9/",
    "nope://x",
    "https://xn--mnchen-3ya.invalid:9/",
):
    curl, _ = prepared(url)
    try:
        curl.perform()
    except pycurl.error as e:
        print(url[:5], e.args[0])
