# packages: xmlsec
"""libxmlsec, libxml2 and OpenSSL: a signature over a document."""

import xmlsec
from lxml import etree

root = etree.XML("<r><a>text</a></r>")
node = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.HMAC_SHA256)
root.append(node)
reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256)
xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
xmlsec.template.ensure_key_info(node)
key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, b"secret")
for text in ("text", "other"):
    context = xmlsec.SignatureContext()
    context.key = key
    if text == "text":
        context.sign(node)
        print(node.findtext(".//{*}SignatureValue").strip())
    root[0].text = text
    context = xmlsec.SignatureContext()
    context.key = key
    try:
        context.verify(node)
        print(text, "verified")
    except xmlsec.VerificationError as e:
        print(text, e)
