"""Documents read, changed, asked and written in many encodings, and broken ones, by pugixml."""

from pugixml import pugi

TEXT = "<?xml version='1.0'?><!DOCTYPE r><r a='1' b='tä'><!-- c --><p x='2'>one<b>two</b>three</p><p x='3'><![CDATA[<raw>]]></p><?pi data?><e/>&lt;&#228;</r>"
for options in (
    pugi.PARSE_DEFAULT,
    pugi.PARSE_FULL,
    pugi.PARSE_MINIMAL,
    pugi.PARSE_FULL | pugi.PARSE_WS_PCDATA,
):
    doc = pugi.XMLDocument()
    r = doc.load_string(TEXT, options)
    print(bool(r), r.status, r.offset, r.encoding, len(list(doc.child("r").children())))
    root = doc.child("r")
    print(
        root.attribute("a").as_int(),
        root.attribute("b").value(),
        root.child_value("p"),
        [n.name() for n in root.children()],
        root.find_child_by_attribute("p", "x", "3").text().get(),
    )
    for query in (
        "//p",
        "/r/p[@x=3]",
        "count(//p)",
        "string(//b)",
        "//p[last()]/@x",
        "sum(//@x) * 2",
        "concat('a', name(/*))",
        "//p | //e",
        "boolean(//none)",
    ):
        try:
            q = pugi.XPathQuery(query)
            print(
                query,
                q.return_type(),
                q.evaluate_string(doc),
                len(q.evaluate_node_set(doc))
                if q.return_type() == pugi.XPATH_TYPE_NODE_SET
                else q.evaluate_number(doc),
            )
        except Exception as e:
            print(query, type(e).__name__)
    child = root.append_child("new")
    (
        child.append_attribute("k").set_value("v<&"),
        child.text().set("text"),
        root.remove_child("e"),
        root.prepend_copy(root.child("p")),
        root.insert_child_after("mid", root.child("p")),
    )
    for encoding in (pugi.ENCODING_UTF8, pugi.ENCODING_UTF16_BE, pugi.ENCODING_LATIN1):
        w = pugi.BytesWriter()
        doc.save(w, "  ", pugi.FORMAT_INDENT | pugi.FORMAT_NO_DECLARATION, encoding)
        print(len(w.getvalue()), w.getvalue()[:60])
for bad in (
    "<a",
    "<a></b>",
    "",
    "<a b=c/>",
    "<a>&x;</a>",
    "<!-- x",
    "<a b='1' b='2'/>",
    "<?x",
    "<![CDATA[",
):
    r = pugi.XMLDocument().load_string(bad)
    print(bad, bool(r), r.status, r.offset)
for bad in ("//[", "a(", "$v", "1 +"):
    try:
        print(pugi.XPathQuery(bad).return_type())
    except Exception as e:
        print(type(e).__name__)
