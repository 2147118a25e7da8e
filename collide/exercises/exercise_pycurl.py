# packages: pycurl
"""libcurl, OpenSSL, nghttp2, zlib: requests over TLS to a server on the loopback interface."""

import io

import pycurl

import loopback

with loopback.server(loopback.answer_as_web_server) as port:
    for version in (
        pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.CURL_HTTP_VERSION_2TLS,
        pycurl.CURL_HTTP_VERSION_3,
    ):
        body = io.BytesIO()
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, f"https://localhost:{port}/")
        curl.setopt(pycurl.CAINFO, loopback.certificate_file())
        curl.setopt(pycurl.WRITEDATA, body)
        curl.setopt(pycurl.TIMEOUT, 20)
        try:
            curl.setopt(pycurl.HTTP_VERSION, version)
            curl.perform()
        except pycurl.error as e:
            print(version, e.args[0])
        else:
            print(version, curl.getinfo(pycurl.RESPONSE_CODE), body.getvalue())
        curl.close()
