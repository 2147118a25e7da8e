"""A gateway of large, odd, chunked, cut and slow answers, long fields, and three threads, by MiniUPnPc."""

import http.server
import threading

import miniupnpc

KIND = "urn:schemas-upnp-org:service:WANIPConnection:2"
SERVICE = f"<service><serviceType>{KIND}</serviceType><controlURL>{{url}}</controlURL><eventSubURL>/e</eventSubURL><SCPDURL>/s</SCPDURL></service>"
TEXT = "<root xmlns='x'>{base}{pad}<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:2</deviceType><deviceList><device><serviceList>{service}</serviceList></device></deviceList></device></root>"
ENTRY = "<NewRemoteHost>{h}</NewRemoteHost><NewExternalPort>{p}</NewExternalPort><NewProtocol>TCP</NewProtocol><NewInternalPort>80</NewInternalPort><NewInternalClient>10.0.0.9</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>{d}</NewPortMappingDescription><NewLeaseDuration>9</NewLeaseDuration>"


class Gateway(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def reply(self, text, status=200):
        text, how = text.encode(), self.path.strip("/")[:5]
        self.send_response(status)
        if how == "chunk":
            self.send_header("Transfer-Encoding", "chunked")
            text = (
                b"".join(
                    b"%x\r\n%s\r\n" % (len(text[i : i + 37]), text[i : i + 37])
                    for i in range(0, len(text), 37)
                )
                + b"0\r\n\r\n"
            )
        elif how == "short":
            self.send_header("Content-Length", str(len(text) + 500))
        elif how != "close":
            self.send_header("content-LENGTH", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        self.close_connection = True

    def do_GET(self):
        pad = "<!-- c -->" + "<junk a='b'>x</junk>" * (3000 if "large" in self.path else 3)
        cut = None if "broken" not in self.path else 300
        base = (
            f"<URLBase>http://127.0.0.1:{self.server.server_port}/</URLBase>"
            if "base" in self.path
            else ""
        )
        self.reply(
            TEXT.format(base=base, pad=pad, service=SERVICE.format(url=self.path + "/c"))[:cut]
        )

    def do_POST(self):
        asked = self.headers["SOAPAction"].strip('"').partition("#")[2]
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        told.append((asked, len(body)))
        answer = {
            "GetStatusInfo": "<NewConnectionStatus>Connected</NewConnectionStatus><NewUptime>4294967290</NewUptime><NewLastConnectionError>E</NewLastConnectionError>",
            "GetExternalIPAddress": "<NewExternalIPAddress>93.184.216.34</NewExternalIPAddress>",
            "GetConnectionTypeInfo": f"<NewConnectionType>{'IP_Routed' * 3}</NewConnectionType>",
            "GetPortMappingNumberOfEntries": "<NewPortMappingNumberOfEntries>3</NewPortMappingNumberOfEntries>",
            "AddAnyPortMapping": "<NewReservedPort>4321</NewReservedPort>",
            "GetGenericPortMappingEntry": ENTRY.format(h="1.2.3.4", p=99, d="d" * 200),
            "GetSpecificPortMappingEntry": ENTRY.format(h="", p=98, d="ä &amp; b"),
        }.get(asked, "")
        if "fault" in self.path or "501" in body:
            return self.reply(
                "<s:Fault><errorCode>725</errorCode><errorDescription>no</errorDescription></s:Fault>",
                500,
            )
        self.reply(
            f"<s:Envelope><s:Body><u:{asked}Response>{answer}</u:{asked}Response></s:Body></s:Envelope>"
        )
        return None


told = []
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()


def use(way):
    u, out = miniupnpc.UPnP(), []
    u.discoverdelay = 20
    for name, *args in (
        ("selectigd", f"http://127.0.0.1:{server.server_port}/{way}"),
        ("externalipaddress",),
        ("statusinfo",),
        ("connectiontype",),
        ("getportmappingnumberofentries",),
        ("totalbytesent",),
        ("totalpacketreceived",),
        ("addanyportmapping", 80, "TCP", "10.0.0.9", 80, "long " * 60, ""),
        ("addportmapping", 65535, "UDP", "10.0.0.9", 1, "<d>", "8.8.8.8", 3600),
        ("addportmapping", 501, "TCP", "10.0.0.9", 1, "x", ""),
        ("getgenericportmapping", 2),
        ("getspecificportmapping", 98, "TCP"),
        ("deleteportmapping", 98, "TCP", "8.8.8.8"),
        ("deleteportmapping", 501, "TCP"),
        ("deleteportmappingrange", 1, 9, "TCP", True),
    ):
        try:
            said = getattr(u, name)(*args)
            out.append((name, "url" if name == "selectigd" else said))
        except Exception as e:
            out.append((name, type(e).__name__))
    return out


for way in (
    "plain",
    "chunked",
    "close",
    "large",
    "base",
    "short",
    "broken",
    "fault",
    "close/large",
    "chunk/large/base",
):
    print(way, *use(way), sep="\n  ")
print(len(told), sorted(told))
found = [None] * 3
threads = [
    threading.Thread(target=lambda i=i: found.__setitem__(i, use("chunk/base"))) for i in range(3)
]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(found[0] == found[1] == found[2])
