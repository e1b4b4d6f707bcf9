"""Chat rooms over WebSockets, with a page to talk in.

Shows WebSocket routes with validated parameters, two tasks for one connection, and what keeps a
chat alive when somebody does not read: nobody waits for a slow reader. What a member has not read
yet waits in a queue of limited length; whoever falls behind is sent away. And whoever talks too
fast is read more slowly.

    trivet run examples/rooms.py

Open http://127.0.0.1:8000/ in two windows, or talk from a terminal:

    python -m websockets 'ws://127.0.0.1:8000/rooms/tea/socket?name=Hatter'

    curl http://127.0.0.1:8000/rooms
    curl http://127.0.0.1:8000/rooms/tea

A client sends plain text, one message a frame; it gets JSON, one event a frame. Rooms live in the
memory of one process, so serve them with one worker. Settings: ROOMS_PATIENCE and ROOMS_PAUSE.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from trivet import (
    App,
    HTMLResponse,
    HTTPException,
    Path,
    Query,
    WebSocket,
    WebSocketDisconnect,
    status,
)


class Settings(BaseSettings):
    """What differs from one installation to the next; read from the environment."""

    model_config = SettingsConfigDict(env_prefix="ROOMS_")

    patience: float = Field(default=5.0, gt=0)  # seconds for a reader to take one event
    pause: float = Field(default=0.01, ge=0)  # seconds between two messages of one talker


settings = Settings()

LONGEST_MESSAGE = 2_000  # characters
LONGEST_QUEUE = 100  # events that one member has not read
MOST_MEMBERS = 200  # of one room

RoomName = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9_-]+$", examples=["tea"])]
MemberName = Annotated[str, Query(max_length=40, pattern=r"^[A-Za-z0-9_ -]+$")]

Kind = Literal["joined", "left", "said"]


class Event(BaseModel):
    """What the members of a room see: somebody came, left or said something."""

    kind: Kind
    name: str
    text: str = ""
    members: int = Field(description="How many are in the room now")
    at: datetime = Field(default_factory=lambda: datetime.now(UTC))


class RoomInfo(BaseModel):
    """A room, as it is listed."""

    name: str
    members: list[str]


class Farewell(Exception):
    """Ends a connection, with a close code (RFC 6455, 7.4) and the reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


# -- members and rooms ---------------------------------------------------------------------------


class Member:
    """One who is in a room, and the events that wait to be read there."""

    def __init__(self, name: str, socket: WebSocket) -> None:
        self.name = name
        self._socket = socket
        self._waiting: asyncio.Queue[str] = asyncio.Queue(LONGEST_QUEUE)
        self._is_behind = False

    def give(self, event: str) -> None:
        """Let an event wait for this member; never waits itself."""
        try:
            self._waiting.put_nowait(event)
        except asyncio.QueueFull:
            self._is_behind = True

    async def read(self) -> None:
        """Send what waits, until the connection ends; raises `Farewell` for a slow reader."""
        while True:
            event = await self._waiting.get()
            try:
                async with asyncio.timeout(settings.patience):
                    await self._socket.send_text(event)
            except TimeoutError:
                self._is_behind = True
            if self._is_behind:
                raise Farewell(status.WS_1013_TRY_AGAIN_LATER, "You read too slowly")

    async def talk(self, room: "Room") -> None:
        """Tell the room what comes in; raises `Farewell` for what is no message."""
        while True:
            frame = await self._socket.receive()
            if frame["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(frame["code"])
            text = frame.get("text")
            if text is None:
                raise Farewell(status.WS_1003_UNSUPPORTED_DATA, "Send text")
            if len(text) > LONGEST_MESSAGE:
                most = f"At most {LONGEST_MESSAGE} characters"
                raise Farewell(status.WS_1009_MESSAGE_TOO_BIG, most)
            if text.strip():
                room.tell("said", self.name, text)
            # No more is taken from the connection meanwhile: the talker's own queue fills up.
            await asyncio.sleep(settings.pause)


class Room:
    """Who is in a room, by name."""

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}

    def tell(self, kind: Kind, name: str, text: str = "") -> None:
        """Give an event to every member; nobody waits for anybody."""
        event = Event(kind=kind, name=name, text=text, members=len(self.members))
        encoded = event.model_dump_json()
        for member in self.members.values():
            member.give(encoded)


class Rooms:
    """The rooms in which somebody is."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}

    def list(self) -> list[RoomInfo]:
        return [RoomInfo(name=name, members=list(r.members)) for name, r in self._rooms.items()]

    @contextmanager
    def entered(self, room_name: str, member: Member) -> Iterator[Room]:
        """Keep a member in a room; raises `Farewell` where there is no place."""
        room = self._rooms.get(room_name) or Room()
        if member.name in room.members:
            raise Farewell(status.WS_1008_POLICY_VIOLATION, f"{member.name} is here already")
        if len(room.members) >= MOST_MEMBERS:
            raise Farewell(status.WS_1013_TRY_AGAIN_LATER, "The room is full")
        self._rooms[room_name] = room
        room.members[member.name] = member
        room.tell("joined", member.name)
        try:
            yield room
        finally:
            del room.members[member.name]
            room.tell("left", member.name)
            if not room.members:
                del self._rooms[room_name]


rooms = Rooms()

# -- the application -----------------------------------------------------------------------------

app = App(title="Rooms", summary="Chat rooms over WebSockets")


@app.websocket("/rooms/{room_name}/socket")
async def enter(socket: WebSocket, room_name: RoomName, name: MemberName) -> None:
    """Be in a room for as long as the connection lasts."""
    await socket.accept()
    member = Member(name, socket)
    farewell = None
    try:
        with rooms.entered(room_name, member) as room:
            async with asyncio.TaskGroup() as both:
                both.create_task(member.read())
                both.create_task(member.talk(room))
    except* WebSocketDisconnect:
        pass
    except* Farewell as found:
        farewell = found.exceptions[0]
    if isinstance(farewell, Farewell):
        with suppress(WebSocketDisconnect):  # it may be gone by now
            await socket.close(farewell.code, farewell.reason)


@app.get("/rooms", tags=["rooms"], summary="List the rooms in which somebody is")
async def list_rooms() -> list[RoomInfo]:
    return rooms.list()


@app.get(
    "/rooms/{room_name}",
    tags=["rooms"],
    summary="See who is in a room",
    responses={404: {"description": "Nobody is in that room"}},
)
async def read_room(room_name: RoomName) -> RoomInfo:
    for room in rooms.list():
        if room.name == room_name:
            return room
    raise HTTPException(404, f"Nobody is in {room_name}")


@app.get("/", response_class=HTMLResponse, include_in_schema=False)
async def page() -> str:
    return PAGE


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Rooms · Trivet</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --accent: #0b7a75; }
  @media (prefers-color-scheme: dark) { :root { --accent: #4fd1c5; } }
  body { font: 1.05rem/1.5 system-ui, sans-serif; }
  body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
  form { display: flex; gap: .5rem; margin: .8rem 0; }
  input, button { font: inherit; padding: .4rem .6rem; border-radius: .4rem; }
  input, button { border: 1px solid var(--line); }
  input { flex: 1; min-width: 0; }
  button { background: var(--accent); color: Canvas; border-color: var(--accent); }
  button:disabled { opacity: .4; }
  ol { list-style: none; margin: 0; padding: .8rem; height: 22rem; overflow-y: auto; }
  ol { border: 1px solid var(--line); border-radius: .6rem; }
  li b { color: var(--accent); }
  li.note { color: GrayText; font-style: italic; }
</style>
<h1>Rooms</h1>
<form id="door">
  <input id="name" aria-label="Your name" placeholder="Your name" maxlength="40" required>
  <input id="room" aria-label="Room" placeholder="Room" value="tea" maxlength="40" required>
  <button>Enter</button>
</form>
<ol id="log" aria-live="polite"><li class="note">Choose a name and a room, and enter.</li></ol>
<form id="talk">
  <input id="text" aria-label="Message" placeholder="Say something" maxlength="2000" disabled>
  <button id="send" disabled>Send</button>
</form>
<script>
  const at = (id) => document.getElementById(id);
  let socket = null;

  function show(text, name) {
    const line = document.createElement("li");
    if (name) line.append(Object.assign(document.createElement("b"), { textContent: name }), " ");
    else line.className = "note";
    line.append(text);
    at("log").append(line);
    line.scrollIntoView();
  }

  at("door").addEventListener("submit", (event) => {
    event.preventDefault();
    socket?.close();
    const name = encodeURIComponent(at("name").value);
    const room = encodeURIComponent(at("room").value);
    const address = new URL(`rooms/${room}/socket?name=${name}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const mine = (socket = new WebSocket(address));
    mine.onmessage = ({ data }) => {
      const { kind, name, text, members } = JSON.parse(data);
      if (kind === "said") show(text, name);
      else show(`${name} ${kind} · ${members} here`);
    };
    mine.onclose = ({ reason }) => {
      if (mine !== socket) return;
      at("text").disabled = at("send").disabled = true;
      show(reason || "The connection ended; names and rooms are letters, digits, - and _.");
    };
    mine.onopen = () => {
      at("text").disabled = at("send").disabled = false;
      at("text").focus();
    };
  });

  at("talk").addEventListener("submit", (event) => {
    event.preventDefault();
    if (at("text").value) socket.send(at("text").value);
    at("text").value = "";
  });
</script>
</html>
"""
