# packages: lxml
"""libxml2 and libxslt: parsing, entities, XPath, schemas, transformations and serialisation."""

from lxml import etree, html, objectify

document = etree.fromstring(
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e "text">]><r a="1"><b>&e;</b><c xmlns="u"/></r>'
)
print(etree.tostring(document), [e.tag for e in document.iter()])
print(document.xpath("string(b)"), document.xpath("count(//*)"), etree.XPath("@a")(document))
for broken in (b"<a><b></a>", b"<a>&x;</a>", b"\xff"):
    try:
        etree.fromstring(broken)
    except etree.XMLSyntaxError as e:
        print(e.code, e.position)
transform = etree.XSLT(
    etree.XML(
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        '<xsl:key name="k" match="b" use="."/><xsl:template match="/"><out n="{count(key('
        "'k','text'))}\"><xsl:value-of select=\"format-number(1234.5,'#,##0.00')\"/></out>"
        "</xsl:template></xsl:stylesheet>"
    )
)
print(str(transform(document)))
schema = etree.XMLSchema(
    etree.XML(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="r">'
        "<xs:complexType>"
        '<xs:attribute name="a" type="xs:int"/></xs:complexType></xs:element></xs:schema>'
    )
)
print(schema.validate(etree.XML('<r a="1"/>')), schema.validate(etree.XML('<r a="x"/>')))
relax = etree.RelaxNG(
    etree.XML('<element name="r" xmlns="http://relaxng.org/ns/structure/1.0"><text/></element>')
)
print(relax.validate(etree.XML("<r>t</r>")), relax.validate(etree.XML("<s/>")))
page = html.fromstring("<p>one<p>two <b>bold<i>both</b></i>&eacute;")
print(html.tostring(page), page.text_content())
print(objectify.fromstring("<r><n>3</n></r>").n + 1)
parser = etree.XMLPullParser(events=("start", "end"))
for _ in range(200):
    parser = etree.XMLPullParser(events=("start", "end"))
    parser.feed("<r>" + "<x y='z'>t</x>" * 50 + "</r>")
    parser.close()
print(len(list(parser.read_events())))
