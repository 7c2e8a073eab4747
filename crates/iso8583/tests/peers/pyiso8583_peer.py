"""Reads and writes the messages of peers.rs with PyPI pyiso8583.

Standard input: {"dialect": "binary" | "hex" | "packed", "messages": [{"raw": hex with length, "fields": {number: text}}]}.
Standard output: for each message the fields that it reads from raw, and the bytes that it writes from fields.
"""
import copy
import json
import sys

import iso8583
from iso8583.specs import default_ascii

question = json.load(sys.stdin)
spec = copy.deepcopy(default_ascii)
# Our network puts bytes into 55 and 63; the package's own specification has text of fewer characters there.
for name in ("55", "63"):
    spec[name]["max_len"] = 999
if question["dialect"] == "binary":
    for name in ("p", "1", "52", "64", "96", "128"):
        spec[name].update(data_enc="b", max_len=8)
    for name in ("55", "63"):
        spec[name].update(data_enc="b")
if question["dialect"] == "packed":
    # The numbers of the fields of format n in the table of fields.rs, the same in every edition of the standard.
    numeric = [2, *range(3, 28), 32, 33, 53, *range(66, 91), 99, 100]
    for name in ("p", "1", "52", "64", "96", "128"):
        spec[name].update(data_enc="b", max_len=8)
    for name in ("55", "63"):
        spec[name].update(data_enc="b")
    for name in ["t", *(str(number) for number in numeric)]:
        spec[name].update(data_enc="b", len_count="nibbles", left_pad="0")
    for name in spec:
        if spec[name]["len_type"] > 0:
            spec[name].update(len_enc="bcd", len_type=(spec[name]["len_type"] + 1) // 2)
    # The package has no x+n with packed digits: for it the field is nine bytes, the first of them C or D.
    spec["97"].update(data_enc="b", max_len=9)


def numbered(decoded):
    names = {"t": "0"}
    return {names.get(name, name): value for name, value in decoded.items() if name not in ("h", "p", "1")}


def signed(fields, change):
    if question["dialect"] == "packed" and "97" in fields:
        fields["97"] = change(fields["97"])
    return fields


def answer(message):
    decoded, _ = iso8583.decode(bytes.fromhex(message["raw"])[2:], spec)
    decoded = signed(decoded, lambda value: bytes.fromhex(value[:2]).decode() + value[2:])
    fields = {("t" if name == "0" else name): value for name, value in message["fields"].items()}
    fields = signed(fields, lambda value: value[0].encode().hex() + value[1:])
    encoded, _ = iso8583.encode(fields, spec)
    return {"fields": numbered(decoded), "raw": (len(encoded).to_bytes(2, "big") + encoded).hex().upper()}


json.dump([answer(message) for message in question["messages"]], sys.stdout)
