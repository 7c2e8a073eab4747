"""Decodes and encodes one message (hex) with PyPI pyiso8583 for two seconds; prints how many a second."""
import copy
import sys
import time

import iso8583
from iso8583.specs import default_ascii

spec = copy.deepcopy(default_ascii)
for name in ("p", "1", "52", "64", "96", "128"):
    spec[name].update(data_enc="b", max_len=8)
for name in ("55", "63"):
    spec[name].update(data_enc="b", max_len=999)

message = bytes.fromhex(sys.argv[1])
count, begun = 0, time.perf_counter()
while (spent := time.perf_counter() - begun) < 2:
    for _ in range(500):
        decoded, _ = iso8583.decode(message, spec)
        iso8583.encode(decoded, spec)
    count += 500
print(int(count / spent))
