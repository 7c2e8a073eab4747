"""Reads and writes the messages of peers.rs with PyPI pyiso8583.

Standard input: {"dialect": "binary" | "hex", "messages": [{"raw": hex with length, "fields": {number: text}}]}.
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


def numbered(decoded):
    names = {"t": "0"}
    return {names.get(name, name): value for name, value in decoded.items() if name not in ("h", "p", "1")}


def answer(message):
    decoded, _ = iso8583.decode(bytes.fromhex(message["raw"])[2:], spec)
    fields = {("t" if name == "0" else name): value for name, value in message["fields"].items()}
    encoded, _ = iso8583.encode(fields, spec)
    return {"fields": numbered(decoded), "raw": (len(encoded).to_bytes(2, "big") + encoded).hex().upper()}


json.dump([answer(message) for message in question["messages"]], sys.stdout)
