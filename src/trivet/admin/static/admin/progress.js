// Something that goes on alone: its bar moves until it is over, and then the page says what came of it.

const box = document.querySelector("[data-progress]");
const bar = box.querySelector("progress");
const note = box.querySelector("output");
const PAUSE = 1000;

async function look() {
  try {
    const answer = await fetch(box.dataset.progress, { headers: { accept: "application/json" } });
    if (!answer.ok) return location.reload();
    const told = await answer.json();
    if (told.over) return location.reload();
    if (told.share !== null) bar.value = told.share;
    note.textContent = told.note;
  } catch {
    // Without a network for a moment; asked for again.
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
