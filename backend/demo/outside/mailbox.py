"""A mail server's double: takes mail over real SMTP, or refuses, delays, hangs up in the midst, or takes it twice."""

import asyncio
import email
import email.policy
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

Mood = Literal["takes", "refuses", "busy", "hangs_up", "takes_and_hangs_up", "sleeps"]
"""refuses: 550 to the recipient. busy: 451 to the mail. hangs_up: before it has it. takes_and_hangs_up: after, without
an answer. sleeps: says nothing until it is woken."""
_LONGEST = 1 << 20


@dataclass
class Mail:
    """One that was taken: the envelope, and what was in it."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def text(self) -> str:
        """Its words."""
        return str(self.message.get_content()).strip()


@dataclass
class Mailbox:
    """`moods` are what it does with the next mails, one each; after them it takes everything."""

    moods: list[Mood] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    tries: int = 0

    @asynccontextmanager
    async def served(self, listening: socket.socket | None = None) -> AsyncIterator[str]:
        """Answer on a free loopback port, or the one of a bound socket, meanwhile; `smtp://127.0.0.1:port`."""
        if listening is None:
            listening = socket.socket()
            listening.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(self._talk, sock=listening, limit=_LONGEST)
        try:
            yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            self.woken.set()
            server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._serve(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())
            await writer.drain()

        await say("220 mail.test ESMTP")
        recipients: list[str] = []
        sender, mood = "", "takes"
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            verb = line[:4].upper()
            if verb == "MAIL":
                sender, recipients = _address(line), []
                mood = self.moods.pop(0) if self.moods else "takes"
                self.tries += 1
                if mood == "sleeps":
                    await self.woken.wait()
                await say("451 4.3.0 try again later" if mood == "busy" else "250 ok")
            elif verb == "RCPT":
                if mood != "refuses":
                    recipients.append(_address(line))
                await say("550 5.1.1 no such mailbox" if mood == "refuses" else "250 ok")
            elif verb == "DATA":
                await say("354 go on")
                if mood == "hangs_up":
                    return
                content = await reader.readuntil(b"\r\n.\r\n")
                message = email.message_from_bytes(
                    content[:-3].replace(b"\r\n..", b"\r\n."), policy=email.policy.default
                )
                assert isinstance(message, EmailMessage)
                self.mails.append(Mail(sender, recipients, message))
                if mood == "takes_and_hangs_up":
                    return
                await say("250 taken")
            elif verb == "QUIT":
                await say("221 bye")
                return
            else:
                await say("250 ok")


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
