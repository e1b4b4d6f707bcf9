"""Many clients of slow streams, on raw sockets: `python stream_client.py PORT STREAMS PATH`.

All ask at one moment. Prints one line of JSON: how many words each got, how long the first took,
and how long all of them.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

WORD = b'"content":"word "'
LONGEST = 300.0  # seconds for one stream


async def read(port: int, path: str, go: asyncio.Event) -> tuple[int, float]:
    """Read one stream; gives its words, 0 if it was not whole, and the seconds to the first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await go.wait()
    begun = time.perf_counter()
    writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode())
    body = b""
    first = 0.0
    while piece := await reader.read(65536):
        # Spaces differ between JSON writers, and chunks of HTTP may end anywhere.
        body += piece
        if not first and WORD in body.replace(b": ", b":"):
            first = time.perf_counter() - begun
    writer.close()
    is_whole = b"[DONE]" in body and body.startswith(b"HTTP/1.1 200")
    return (body.replace(b": ", b":").count(WORD) if is_whole else 0), first


async def main(port: int, streams: int, path: str) -> None:
    go = asyncio.Event()
    tasks = [asyncio.create_task(read(port, path, go)) for _ in range(streams)]
    await asyncio.sleep(0.5)  # all are connected
    begun = time.perf_counter()
    go.set()
    async with asyncio.timeout(LONGEST):
        found = await asyncio.gather(*tasks, return_exceptions=True)
    seconds = time.perf_counter() - begun
    fine = [one for one in found if not isinstance(one, BaseException)]
    figures = {
        "words": sum(words for words, _ in fine),
        "whole": sum(words > 0 for words, _ in fine),
        "first": sorted(first for words, first in fine if words),
        "seconds": seconds,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
