"""A page that uses the browser's client, for a real browser to open."""

from __future__ import annotations

from starlette.responses import HTMLResponse

from tests.realtime.rooms import Rooms

PAGE = """\
<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>Room</title>
<style>
  body { font: 1rem/1.5 system-ui; max-width: 40rem; margin: 2rem auto }
  li.note { color: gray }
</style>
<h1>Room 7</h1>
<p>Connection: <b id="state">none</b> &middot; here: <b id="people"></b></p>
<ol id="log"></ol>
<script type="module">
  import { connect } from "/realtime/client.js";
  const at = (id) => document.getElementById(id);
  const show = (text, kind) => {
    const line = document.createElement("li");
    line.textContent = text;
    line.className = kind ?? "";
    at("log").append(line);
  };
  window.realtime = connect({
    transport: new URLSearchParams(location.search).get("transport") ?? "auto",
    state: (state) => (at("state").textContent = state),
  });
  window.room = realtime.subscribe("rooms/7", {
    last: 5,
    message: ({ text }) => show(text),
    gap: () => show("gap", "note"),
    members: (all) => (at("people").textContent = all.map((one) => one.key).join(", ")),
    error: (error) => show(`refused: ${error.code}`, "note"),
  });
  window.secret = realtime.subscribe("rooms/700", {
    error: (error) => show(`refused: ${error.code}`, "note"),
  });
  window.say = (text) =>
    room.publish({ text }).catch((error) => show(`${error.code} ${error.errors.length}`, "note"));
</script>
"""


def with_page(rooms: Rooms) -> Rooms:
    @rooms.app.get("/", response_class=HTMLResponse)
    async def page() -> str:
        return PAGE

    return rooms
