"""A gateway that is made here: discovery, its description, mappings and faults, by MiniUPnPc."""

import http.server
import threading

import miniupnpc

SERVICE = "urn:schemas-upnp-org:service:WANIPConnection:1"
DEVICE = f"""<?xml version="1.0"?><root><URLBase>http://127.0.0.1:PORT</URLBase><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>x</friendlyName>
<deviceList><device><deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType><serviceList><service><serviceType>urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1</serviceType><controlURL>/c</controlURL><eventSubURL>/e</eventSubURL><SCPDURL>/s.xml</SCPDURL></service></serviceList>
<deviceList><device><serviceList><service><serviceType>{SERVICE}</serviceType><controlURL>/c</controlURL><eventSubURL>/e</eventSubURL><SCPDURL>/s.xml</SCPDURL></service></serviceList></device></deviceList></device></deviceList></device></root>"""
ANSWERS = {
    "GetExternalIPAddress": "<NewExternalIPAddress>8.8.4.4</NewExternalIPAddress>",
    "GetStatusInfo": "<NewConnectionStatus>Connected</NewConnectionStatus><NewUptime>77</NewUptime><NewLastConnectionError>none</NewLastConnectionError>",
    "GetConnectionTypeInfo": "<NewConnectionType>IP_Routed</NewConnectionType>",
    "GetTotalBytesSent": "<NewTotalBytesSent>12345</NewTotalBytesSent>",
    "GetTotalBytesReceived": "<NewTotalBytesReceived>54321</NewTotalBytesReceived>",
    "GetSpecificPortMappingEntry": "<NewInternalPort>80</NewInternalPort><NewInternalClient>10.0.0.2</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>d</NewPortMappingDescription><NewLeaseDuration>9</NewLeaseDuration>",
    "GetGenericPortMappingEntry": "<NewRemoteHost></NewRemoteHost><NewExternalPort>81</NewExternalPort><NewProtocol>TCP</NewProtocol><NewInternalPort>80</NewInternalPort><NewInternalClient>10.0.0.2</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>d</NewPortMappingDescription><NewLeaseDuration>9</NewLeaseDuration>",
    "AddPortMapping": "",
    "DeletePortMapping": "",
}


class Gateway(http.server.BaseHTTPRequestHandler):
    def reply(self, text, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        self.reply(DEVICE.replace("PORT", str(self.server.server_port)))

    def do_POST(self):
        asked = self.headers["SOAPAction"].strip('"').partition("#")[2]
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        told.append((asked, len(body)))
        if asked in ANSWERS and "666" not in body:
            return self.reply(
                f'<?xml version="1.0"?><s:Envelope><s:Body><u:{asked}Response xmlns:u="{SERVICE}">{ANSWERS[asked]}</u:{asked}Response></s:Body></s:Envelope>'
            )
        return self.reply(
            "<s:Envelope><s:Body><s:Fault><detail><UPnPError><errorCode>714</errorCode></UPnPError></detail></s:Fault></s:Body></s:Envelope>",
            500,
        )

    def log_message(self, *args):
        pass


told = []
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
threading.Thread(target=server.serve_forever, daemon=True).start()
u = miniupnpc.UPnP()
u.discoverdelay = 50
for call in (
    lambda: u.discover(),
    lambda: u.selectigd(f"http://127.0.0.1:{server.server_port}/d.xml") and "selected",
    lambda: u.externalipaddress(),
    lambda: u.statusinfo(),
    lambda: u.connectiontype(),
    lambda: u.totalbytesent(),
    lambda: u.totalbytereceived(),
    lambda: u.totalpacketsent(),
    lambda: u.addportmapping(81, "TCP", "10.0.0.2", 80, "d", ""),
    lambda: u.addportmapping(666, "UDP", "10.0.0.2", 666, "d", "", 5),
    lambda: u.getspecificportmapping(81, "TCP"),
    lambda: u.getspecificportmapping(666, "TCP"),
    lambda: u.getgenericportmapping(0),
    lambda: u.deleteportmapping(81, "TCP"),
    lambda: u.deleteportmapping(666, "TCP"),
    lambda: u.lanaddr,
    lambda: u.selectigd("http://127.0.0.1:1/no"),
):
    try:
        print(call())
    except Exception as e:
        print(type(e).__name__)
print([(a, n) for a, n in told])
