"""A mail server that demands STARTTLS and a login: takes mails into a folder, answers as it is told on its input.

smtp_server.py FOLDER CERTIFICATE KEY   (no certificate: `-`, then it offers no STARTTLS)
Prints its port, then a line for each thing that a client did. An input line is the answer to the next recipient.
"""

import asyncio
import logging
import ssl
import sys
import threading
from collections import deque
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult

folder, certificate, key = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
answers = deque()
# What a client does wrong is told in a line of ours.
logging.disable(logging.CRITICAL)


def say(line):
    print(line, flush=True)


class Handler:
    mails = 0

    async def handle_MAIL(self, server, session, envelope, address, options):
        say(f"mail {address} over {'tls' if session.ssl else 'nothing'}")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = answers.popleft() if answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        say(f"recipient {address} {answer.split()[0]}")
        return answer

    async def handle_DATA(self, server, session, envelope):
        self.mails += 1
        (folder / f"{self.mails}.eml").write_bytes(envelope.original_content)
        say(f"taken {self.mails}")
        return "250 taken"


def login(server, session, envelope, mechanism, data):
    right = data.login == b"choba" and data.password == b"p@ss"
    say(f"login {'right' if right else 'wrong'}")
    return AuthResult(success=right, handled=False if not right else True)


def listen_to_input():
    for line in sys.stdin:
        answers.append(line.strip())
        say("told")


async def main():
    context = None
    if certificate != "-":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)

    def talk():
        return SMTP(
            Handler.one,
            tls_context=context,
            require_starttls=context is not None,
            auth_required=context is not None,
            authenticator=login,
            auth_exclude_mechanism=["LOGIN"],
        )

    Handler.one = Handler()
    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    say(server.sockets[0].getsockname()[1])
    threading.Thread(target=listen_to_input, daemon=True).start()
    await server.serve_forever()


asyncio.run(main())
