"""The line between a learner's process and the judge.

A message is a JSON text with its length before it; values in it are written as `plain` does it.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

from nutgraf.grading.plain import MOST_BYTES, Malformed, NotPlain, TooLarge, decode, encode

__all__ = ["Line", "Malformed", "NotPlain", "TooLarge", "Watched", "decode", "encode", "pack"]
__all__ += ["safe", "unpack"]

WATCH_EVERY = 0.25
"""Seconds between two looks at what is watched while waiting."""


class Watched(Exception):
    """What was looked at while waiting gave a reason to wait no longer: the text."""


def safe(text: str, most: int) -> str:
    """Text from a learner's process as it may be shown: nothing that steers a screen, and short."""
    text = "".join(c if c.isprintable() or c == "\n" else " " for c in text[: most + 1])
    return text if len(text) <= most else f"{text[: most - 1]}…"


def pack(message: dict[str, Any]) -> bytes:
    """A message as it goes over. Raises TooLarge above `MOST_BYTES`."""
    data = json.dumps(message, separators=(",", ":")).encode()
    if len(data) > MOST_BYTES:
        raise TooLarge(f"more than {MOST_BYTES // 2**20} MB")
    return struct.pack(">I", len(data)) + data


def unpack(data: bytes) -> dict[str, Any]:
    """The message in the bytes that came after a length. Raises Malformed for anything else."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("no JSON") from error
    if type(message) is not dict:
        raise Malformed("no message")
    return message


class Line:
    """One end of a connection: messages out and in, with an account of the time spent waiting.

    seconds: how long all waiting at this end may take together; None for no limit. `watch`, where
    it is set, is called while waiting, a few times a second, and gives a reason to stop or "".

    Raises TimeoutError when the time is used up, EOFError when the other end is gone, TooLarge for
    a message above the cap, Malformed for what is none, and Watched for the reason of `watch`.
    """

    def __init__(self, end: socket.socket, seconds: float | None = None) -> None:
        self.end = end
        self.left = seconds
        self.watch: Callable[[], str] | None = None

    def send(self, message: dict[str, Any]) -> None:
        data = memoryview(pack(message))
        while data:
            data = data[self._wait(self.end.send, data) :]

    def receive(self) -> dict[str, Any]:
        (size,) = struct.unpack(">I", self._exactly(4))
        if size > MOST_BYTES:
            raise TooLarge(f"more than {MOST_BYTES // 2**20} MB")
        return unpack(self._exactly(size))

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._wait(self.end.recv, min(size - len(data), 2**18))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _wait(self, act: Callable, given: Any) -> Any:
        while True:
            if self.left is not None and self.left <= 0:
                raise TimeoutError
            begun = time.monotonic()
            pause = WATCH_EVERY if self.watch else self.left
            self.end.settimeout(pause if self.left is None else min(pause, self.left))
            try:
                return act(given)
            except TimeoutError:
                if self.watch and (reason := self.watch()):
                    raise Watched(reason) from None
            except ConnectionError as error:
                raise EOFError from error
            finally:
                if self.left is not None:
                    self.left -= time.monotonic() - begun
