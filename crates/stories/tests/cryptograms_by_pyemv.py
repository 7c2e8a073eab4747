"""Computes ARQC and ARPC with pyemv from what cards sent: JSON cases on stdin, answers on stdout."""

import json
import sys

from pyemv import ac, kd

for line in sys.stdin:
    case = json.loads(line)
    master = kd.derive_icc_mk_b if len(case["pan"]) > 16 else kd.derive_icc_mk_a
    card = master(bytes.fromhex(case["issuer"]), case["pan"].encode(), case["sequence"].encode())
    session = kd.derive_common_sk(card, bytes.fromhex(case["atc"]) + bytes(6))
    arqc = ac.generate_ac(session, bytes.fromhex(case["signed"]), ac.PaddingType.EMV, 8)
    arpc = ac.generate_arpc_1(session, arqc, case["code"].encode())
    print(json.dumps({"arqc": arqc.hex(), "arpc": arpc.hex()}))
