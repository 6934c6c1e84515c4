"""Checks answers member by member against the public API model: no element that the model does not know, no value of
another type than it says. The parsers of the clients skip what they do not know, so this looks at the raw body."""

import json
import xml.etree.ElementTree as ElementTree

ENVELOPE = {"requestId", "RequestId", "ResponseMetadata"}


class Mismatch(AssertionError):
    pass


def watch(client):
    """Checks every answer of this client."""
    client.meta.events.register("before-parse.*.*", lambda response_dict, operation_model, **_: check(response_dict, operation_model))


def check(response, operation):
    if response["status_code"] >= 300 or operation.output_shape is None or operation.has_streaming_output:
        return
    body = response["body"]
    protocol = operation.metadata["protocol"]
    shape = operation.output_shape
    payload = shape.serialization.get("payload")
    if payload:
        shape = shape.members[payload]
        if shape.type_name != "structure":
            return
    where = operation.name
    if protocol in ("ec2", "query", "rest-xml"):
        if not body:
            return
        root = ElementTree.fromstring(body)
        if protocol == "query":
            wrapper = operation.output_shape.serialization.get("resultWrapper")
            known = {wrapper, "ResponseMetadata"}
            for child in root:
                if local(child) not in known:
                    raise Mismatch(f"{where}: unknown element {local(child)} in the envelope")
            root = next((child for child in root if local(child) == wrapper), None)
            if root is None:
                raise Mismatch(f"{where}: no {wrapper}")
        structure(root, shape, where, protocol, top=True)
    else:
        if body:
            value(json.loads(body), shape, where)


def local(element):
    return element.tag.rsplit("}", 1)[-1]


def structure(element, shape, where, protocol, top=False):
    names = {}
    for member, target in shape.members.items():
        if target.serialization.get("location") in ("header", "headers", "statusCode", "uri", "querystring"):
            continue
        name = target.serialization.get("name", member)
        if target.type_name in ("list", "map") and target.serialization.get("flattened"):
            if target.type_name == "list":
                name = target.member.serialization.get("name", name)
        names[name] = target
    for child in element:
        name = local(child)
        if name not in names:
            if top and name in ENVELOPE:
                continue
            raise Mismatch(f"{where}: the model knows no {name}")
        node(child, names[name], f"{where}.{name}", protocol)


def node(element, shape, where, protocol):
    kind = shape.type_name
    if kind == "structure":
        structure(element, shape, where, protocol)
    elif kind == "list":
        if shape.serialization.get("flattened"):
            node(element, shape.member, where, protocol)
            return
        item = "item" if protocol == "ec2" else shape.member.serialization.get("name", "member")
        for child in element:
            if local(child) != item:
                raise Mismatch(f"{where}: {local(child)} instead of {item}")
            node(child, shape.member, where, protocol)
    elif kind == "map":
        return
    else:
        scalar(element.text or "", kind, shape, where)


def scalar(text, kind, shape, where):
    try:
        if kind == "boolean" and text not in ("true", "false"):
            raise ValueError(text)
        if kind in ("integer", "long"):
            int(text)
        if kind in ("float", "double"):
            float(text)
        if kind == "string" and getattr(shape, "enum", None) and text and text not in shape.enum and not tolerated(text, shape):
            raise ValueError(f"{text} is none of {shape.enum}")
    except ValueError as error:
        raise Mismatch(f"{where}: not a {kind}: {error}") from None


def tolerated(text, shape):
    """Values that AWS sends although its model spells them otherwise: endpoint states begin with a small letter, a NAT
    gateway's interface type has an underscore, a new interface is pending."""
    return any(text.lower() == known.lower() for known in shape.enum) or text in ("nat_gateway", "pending")


def value(found, shape, where):
    kind = shape.type_name
    if kind == "structure":
        for name, inner in found.items():
            by_wire = {t.serialization.get("name", m): t for m, t in shape.members.items()}
            if name not in by_wire:
                raise Mismatch(f"{where}: the model knows no {name}")
            if inner is not None:
                value(inner, by_wire[name], f"{where}.{name}")
    elif kind == "list":
        for inner in found:
            value(inner, shape.member, where)
    elif kind == "map":
        for inner in found.values():
            value(inner, shape.value, where)
    elif kind == "boolean" and not isinstance(found, bool):
        raise Mismatch(f"{where}: not a boolean: {found!r}")
    elif kind in ("integer", "long") and (isinstance(found, bool) or not isinstance(found, int)):
        raise Mismatch(f"{where}: not a whole number: {found!r}")
    elif kind == "string" and not isinstance(found, str):
        raise Mismatch(f"{where}: not a text: {found!r}")
