"""Answers, from Python packages that are not ours, to the questions of peers.rs.

Reads one JSON array of cases from standard input, writes one array of answers.
"""
import hashlib
import hmac
import json
import sys

from psec import aes, mac, pinblock
from pyemv import ac, kd


def answer(case):
    case = {name: bytes.fromhex(value[4:]) if value.startswith("hex:") else value for name, value in case.items()}
    pan = case["pan"]
    option = kd.derive_icc_mk_b if len(pan) > 16 else kd.derive_icc_mk_a
    card_key = option(case["issuer"], pan, case["psn"])
    session_key = kd.derive_common_sk(card_key, case["atc"] + bytes(6))
    arqc = ac.generate_ac(session_key, case["data"])
    padded = mac.pad_iso_2(case["plain"], 16)
    # psec draws its own random bytes, so its block is opened by us and ours by it.
    return {
        "card_key": card_key.hex(),
        "session_key": session_key.hex(),
        "arqc": arqc.hex(),
        "arpc1": ac.generate_arpc_1(session_key, arqc, case["arc"]).hex(),
        "arpc2": ac.generate_arpc_2(session_key, arqc, case["csu"], case["prop"]).hex(),
        "option_a": kd.derive_icc_mk_a(case["issuer"], pan, case["psn"]).hex(),
        "ciphertext": aes.encrypt_aes_cbc(case["key"], bytes(16), padded).hex(),
        "pin_of_our_block": pinblock.decipher_pinblock_iso_4(case["key"], case["block"], pan),
        "their_block": pinblock.encipher_pinblock_iso_4(case["key"], case["pin"], pan).hex(),
        "fingerprint": hmac.new(case["key"], pan.encode(), hashlib.sha256).digest()[:16].hex(),
    }


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
