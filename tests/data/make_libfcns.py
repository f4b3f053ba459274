"""Make libfcns.json from the specification's libfcns.xml: python make_libfcns.py LIBFCNS.XML > libfcns.json

Per function: signatures in the notation of pfa.lib.signature, the indexes of the deprecated ones, error codes
with the messages that the specification quotes, and the kind of nondeterminism.
"""

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element


def pattern(holder: Element) -> str:
    """The type pattern inside <par>, <ret>, <field>, <array>, <map> or <union>."""
    if branches := holder.findall("union"):
        return f"union({', '.join(map(pattern, branches))})"
    children = list(holder)
    return wild(children[0]) if children else (holder.text or "").strip()


def wild(e: Element) -> str:
    label = e.get("label", "")
    match e.tag:
        case "any":
            return f"any {label}" + (f" of {{{e.get('of')}}}" if e.get("of") else "")
        case "ref":
            return label
        case "array" | "map":
            return f"{e.tag}({pattern(e)})"
        case "record":
            fields = ", ".join(f"{f.get('name')}: {pattern(f)}" for f in e)
            return f"any record {label}" + (f" with {{{fields}}}" if fields else "")
        case "enum":
            record = e.get("ofRecord")
            return f"any enum {label}" + (f" of fields of {record}" if record else "")
        case "fixed":
            return f"any fixed {label}"
        case "function":
            (ret,) = e.findall("ret")
            return f"fcn({', '.join(map(pattern, e.findall('par')))}) -> {pattern(ret)}"
    raise ValueError(e.tag)


def signature(sig: Element) -> str:
    (ret,) = sig.findall("ret")
    pars = ", ".join(f"{p.get('name')}: {pattern(p)}" for p in sig.findall("par"))
    return f"({pars}) -> {pattern(ret)}"


def message(error: Element) -> str:
    """The text in quotes that is called an error, else the first one in quotes."""
    text = "".join(error.itertext())
    quoted = re.search(r'"([^"]*)" error is raised', text) or re.search(r'"([^"]*)"', text)
    return quoted[1] if quoted else ""


def function(fcn: Element) -> dict[str, object]:
    signatures = fcn.findall("sig")
    kind = fcn.find("doc/nondeterministic")
    facts = {
        "name": fcn.get("name"),
        "signatures": [signature(s) for s in signatures],
        "deprecated": [i for i, s in enumerate(signatures) if s.get("deprecation")],
        "errors": {e.get("code", ""): message(e) for e in fcn.findall("doc/error")},
        "nondeterministic": "" if kind is None else kind.get("type"),
    }
    return {key: fact for key, fact in facts.items() if fact not in ([], {}, "")}


if __name__ == "__main__":
    functions = map(function, ElementTree.parse(Path(sys.argv[1])).getroot().iter("fcn"))
    print("[\n" + ",\n".join(json.dumps(f, ensure_ascii=False) for f in functions) + "\n]")
