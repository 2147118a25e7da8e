"""XInclude, C14N, catalogs of errors, namespaces, threads and writing of lxml."""

import io
import threading

from lxml import etree, html

XSL = "http://www.w3.org/1999/XSL/Transform"
document = etree.parse(
    io.BytesIO(b"<r xmlns:p='http://u'><p:a b='2' a='1'>t<!--c--><?x y?></p:a></r>")
)
for options in (
    {"method": "c14n"},
    {"method": "c14n", "exclusive": True},
    {"method": "c14n2"},
    {"pretty_print": True, "encoding": "utf-16"},
    {"xml_declaration": True, "encoding": "iso-8859-15", "standalone": True},
    {"method": "html"},
    {"method": "text"},
):
    try:
        print(etree.tostring(document, **options))
    except (TypeError, ValueError, etree.LxmlError) as e:
        print(type(e).__name__)
for number in (1, 9, 11, 64, 512):
    document.write("out.xml", compression=number % 10)
    print(etree.parse("out.xml").getroot().tag)
with open("inner.xml", "w") as file:
    file.write("<inner>é</inner>")
included = etree.fromstring(
    b"<o xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='inner.xml'/>"
    b"<xi:include href='none.xml'><xi:fallback>f</xi:fallback></xi:include></o>",
    base_url="base.xml",
)
etree.ElementTree(included).xinclude()
print(etree.tostring(included))
for text in (b"<a><b></a>", b"<a x=1/>", b"<a>&lt", b"<a b='1' b='2'/>", b"<p:a/>", b""):
    parser = etree.XMLParser()
    try:
        etree.fromstring(text, parser)
    except etree.XMLSyntaxError:
        print([(e.type_name, e.line) for e in parser.error_log][:3])
    print(etree.fromstring(b"<a/>", etree.XMLParser(recover=True)).tag)
huge = b"<a>" + b"<b>x</b>" * 50000 + b"</a>"
print(len(etree.fromstring(huge)), sum(1 for _ in etree.iterparse(io.BytesIO(huge), tag="b")))


class Resolver(etree.Resolver):
    def resolve(self, url, identifier, context):
        return self.resolve_string("<!ENTITY e 'resolved'><!ELEMENT r ANY>", context)


parser = etree.XMLParser(load_dtd=True, dtd_validation=True, resolve_entities=True)
parser.resolvers.add(Resolver())
print(etree.tostring(etree.fromstring(b"<!DOCTYPE r SYSTEM 'x.dtd'><r>&e;</r>", parser)))
style = etree.XML(
    f"""<xsl:stylesheet version="1.0" xmlns:xsl="{XSL}" xmlns:e="http://exslt.org/strings"
 xmlns:m="http://exslt.org/math" xmlns:f="mine" xmlns:d="http://exslt.org/dates-and-times">
 <xsl:param name="p"/><xsl:template match="/"><o p="{{$p}}"><xsl:for-each select="//n">
 <xsl:sort select="." data-type="number" order="descending"/><v><xsl:value-of select="."/></v>
 </xsl:for-each><m><xsl:value-of select="m:max(//n)"/></m>
 <s><xsl:value-of select="e:concat(e:tokenize('a-b','-'))"/></s>
 <f><xsl:value-of select="f:twice(3)"/></f><xsl:message>said</xsl:message></o></xsl:template>
 </xsl:stylesheet>"""
)
transform = etree.XSLT(style, extensions={("mine", "twice"): lambda _, x: x * 2})
made = transform(etree.XML("<r><n>3</n><n>20</n><n>1</n></r>"), p="'text'")
print(str(made), [e.message for e in transform.error_log])
try:
    etree.XSLT(
        etree.XML(f'<xsl:stylesheet xmlns:xsl="{XSL}" version="1.0"><xsl:x/></xsl:stylesheet>')
    )
except etree.XSLTParseError as e:
    print(type(e).__name__)
seen = []


def work():
    for _ in range(100):
        tree = etree.fromstring(b"<r>" + b"<x y='1'/>" * 50 + b"</r>")
        seen.append(len(tree.xpath("//x[@y=1]")))
        seen.append(len(html.fromstring("<ul><li>a<li>b</ul>").findall("li")))


threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(set(seen)), len(seen))
