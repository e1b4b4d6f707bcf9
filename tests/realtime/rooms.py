"""An application with rooms, on any back end."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from trivet import App, HTTPException
from trivet.realtime import Backend, Disconnect, Limits, Member, Realtime, Replay


class Said(BaseModel):
    kind: str = "said"
    text: str = Field(max_length=100_000)


class Rooms:
    """The application, and what its tests look at."""

    def __init__(
        self, backend: Backend | None = None, limits: Limits | None = None, **options: Any
    ) -> None:
        self.app = App()
        self.realtime = self.app.use(Realtime(backend, limits=limits, **options))
        self.room = self.realtime.channel(
            "rooms/{room_id}",
            Said,
            may_subscribe=may_join,
            may_publish=may_speak,
            presence=True,
            replay=Replay(count=20, seconds=60),
        )
        self.news = self.realtime.channel("news", Said, public=True)
        self.log = self.realtime.channel(
            "log/{name}", Said, public=True, replay=Replay(count=20), slow=Disconnect()
        )
        self.mixed = self.realtime.channel(
            "mixed", Annotated[int | list[str], Field()], public=True, may_publish=anybody
        )
        self.app.post("/rooms/{room_id}")(self.say)
        self.app.get("/rooms/{room_id}/members")(self.members)
        self.app.post("/flood/{channel}")(self.flood)

    async def say(self, room_id: int, text: str) -> None:
        await self.room(room_id=room_id).publish(Said(text=text))

    async def members(self, room_id: int) -> list[str]:
        return [one.key for one in await self.room(room_id=room_id).members()]

    async def flood(self, channel: str, count: int, size: int) -> None:
        topic = self.news() if channel == "news" else self.log(name=channel)
        for number in range(count):
            await topic.publish(Said(text=str(number).ljust(size, ".")))


async def anybody() -> bool:
    return True


async def may_join(room_id: int, name: str = "ann") -> Member | None:
    if room_id == 401:
        raise HTTPException(401, "sign in first")
    if room_id == 500:
        raise RuntimeError("on purpose")
    return Member(name, {"room": room_id}) if room_id < 100 else None


def may_speak(room_id: int, name: str = "ann") -> bool:
    return name != "mute"
