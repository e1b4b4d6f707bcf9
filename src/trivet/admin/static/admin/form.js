// A form as a whole: what is typed is not lost, tabs, rows in another order.

const { all, drawing, find, kept, made, tell, word } = trivetAdmin;
const WEEK = 7 * 24 * 60 * 60 * 1000;

/** What stands in a form, as text; secrets, files and what the server put in are no part of it. */
function contents(form) {
  return [...form.elements]
    .filter((one) => one.name && !one.disabled && one.matches("input, select, textarea")
      && !one.matches("[type=password], [type=file], [type=submit], [autocomplete=one-time-code]")
      && (one.type !== "hidden" || one.closest(".combo, .form-row")))
    .flatMap((one) => {
      if (one.type === "checkbox" || one.type === "radio") return [[one.name, one.value, one.checked, one.closest(".picked")?.textContent ?? ""]];
      if (one.multiple) return [...one.options].map((option) => [one.name, option.value, option.selected]);
      return [[one.name, one.value, one.dataset.label ?? ""]];
    });
}

/** Warn before what was typed is left, and show that there is something to save. */
function guard(form) {
  const before = JSON.stringify(contents(form));
  const wasRefused = Boolean(find(".form-summary, [aria-invalid=true]", form));
  const sign = find("[data-dirty]", form);
  let isSent = false;
  const isDirty = () => wasRefused || JSON.stringify(contents(form)) !== before;
  const look = () => { if (sign) sign.hidden = !isDirty(); };
  form.addEventListener("input", look);
  form.addEventListener("click", () => setTimeout(look)); // rows come and go by clicks
  form.addEventListener("submit", (event) => { isSent = !event.defaultPrevented; });
  addEventListener("pageshow", () => { isSent = false; });
  addEventListener("beforeunload", (event) => { if (!isSent && isDirty()) event.preventDefault(); });
  look();
}

/** Keep what is typed in this browser for a week, and offer it where it was not saved. */
function drafts(form) {
  const key = `admin-draft:${form.dataset.draft}`;
  const read = () => {
    try { return JSON.parse(kept.get(key) ?? "null"); } catch { return null; }
  };
  const before = JSON.stringify(contents(form));
  const draft = read();
  if (draft && JSON.stringify(draft.values) !== before && !find(".form-summary", form)) {
    const when = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }).format(draft.at);
    tell("info", word("draft", when),
      [word("restore"), () => { restore(form, draft.values); tell("success", word("restored")); }],
      [word("discard"), () => kept.set(key, null)]);
  }
  let timer = 0;
  const write = () => {
    const values = contents(form);
    const isSame = JSON.stringify(values) === before;
    kept.set(key, isSame ? null : JSON.stringify({ at: Date.now(), values }));
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(write, 400);
  });
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    clearTimeout(timer);
    write();
    try { sessionStorage.setItem("admin-sent", key); } catch { /* then it is offered once more */ }
  });
}

/** A draft goes when the page after it says that it was saved, and when it is old. */
function forgetDrafts() {
  if (find(".merge")) return; // both changed the row: what was sent is saved by the next page
  try {
    const sent = sessionStorage.getItem("admin-sent");
    sessionStorage.removeItem("admin-sent");
    if (sent && find(".notice.success")) kept.set(sent, null);
  } catch { /* nothing is kept, then */ }
  for (const name of kept.names().filter((one) => one.startsWith("admin-draft:"))) {
    let at = 0;
    try { at = JSON.parse(kept.get(name)).at; } catch { /* not ours, or broken */ }
    if (!(Date.now() - at < WEEK)) kept.set(name, null);
  }
}

/** Put values back, after rows that are missing were added. */
function restore(form, values) {
  const used = new Map();
  for (const [name, value, state, label] of values) {
    if (label) {
      const place = all("[data-picker-name]", form).find((one) => one.dataset.pickerName === name);
      place?.dispatchEvent(new CustomEvent("restored", { detail: { value, label, isChosen: state } }));
      continue;
    }
    const same = () => [...form.elements].filter((one) => one.name === name);
    if (!same().length) addRowFor(form, name);
    const there = same();
    const input = there.find((one) => (one.matches("[type=checkbox], [type=radio]") ? one.value === value : true));
    if (!input) continue;
    if (input.matches("[type=checkbox], [type=radio]")) input.checked = state;
    else if (input.multiple) for (const option of input.options) { if (option.value === value) option.selected = state; }
    else {
      const at = used.get(name) ?? 0;
      used.set(name, at + 1);
      const one = there[Math.min(at, there.length - 1)];
      one.value = value;
      if (state) one.dataset.label = state;
      one.dispatchEvent(new Event("restored"));
    }
  }
  for (const box of all("[data-sort]", form)) {
    const place = (row) => Number(placeOf(box, row)?.value);
    for (const row of rowsOf(box).sort((one, other) => place(one) - place(other))) rowsOf(box).at(-1).after(row);
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

const rowsOf = (box) => all(":scope > .form-row", box);
const placeOf = (box, row) => find(`[name$="-${CSS.escape(box.dataset.sort)}"]`, row);

function addRowFor(form, name) {
  const box = all("[data-form-rows]", form).reverse().find((one) => name.startsWith(`${one.dataset.formRows}-`));
  const button = box && find(":scope > .form-add", box);
  if (button && !button.hidden) button.click();
}

/** Tabs by links to parts of the page: without a script all parts stand below one another. */
function tabs(box) {
  const bar = find("nav", box);
  const links = all("a", bar);
  const panels = links.map((link) => find(link.hash, box));
  bar.setAttribute("role", "tablist");
  const choose = (at, hasFocus) => {
    links.forEach((link, number) => {
      const isThis = number === at;
      link.setAttribute("aria-selected", String(isThis));
      link.tabIndex = isThis ? 0 : -1;
      panels[number].hidden = !isThis;
      if (isThis && hasFocus) link.focus();
    });
  };
  links.forEach((link, at) => {
    link.setAttribute("role", "tab");
    link.id = `${panels[at].id}-tab`;
    link.setAttribute("aria-controls", panels[at].id);
    panels[at].setAttribute("role", "tabpanel");
    panels[at].setAttribute("aria-labelledby", link.id);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose(at);
      history.replaceState(history.state, "", link.hash);
    });
  });
  bar.addEventListener("keydown", (event) => {
    const at = links.indexOf(document.activeElement);
    const forth = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const back = document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
    const to = { [forth]: (at + 1) % links.length, [back]: (at - 1 + links.length) % links.length, Home: 0, End: links.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    choose(to, true);
  });
  const holding = (element) => panels.findIndex((panel) => panel.contains(element));
  // What a browser or a link wants to show may be in another tab.
  box.addEventListener("invalid", (event) => choose(holding(event.target)), true);
  addEventListener("hashchange", () => show());
  const show = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const at = target ? holding(target) : -1;
    if (at >= 0) {
      choose(at);
      if (target !== panels[at]) target.focus();
    }
    return at >= 0;
  };
  const wrong = panels.findIndex((panel) => find("[aria-invalid=true], .form-errors", panel));
  choose(Math.max(wrong, 0));
  show();
}

/** Sections that are closed open for what is wrong in them. */
function openForProblems() {
  document.addEventListener("invalid", (event) => {
    const section = event.target.closest?.("details");
    if (section) section.open = true;
  }, true);
}

/** Rows get a grip: dragged by mouse or finger, moved by the arrow keys; the field named by data-sort is numbered. */
function sorting(box) {
  const said = made("span", { class: "vh", role: "status" });
  // Some count from 0, some from 1: as the rows that are there do, or as the input allows.
  const given = rowsOf(box).map((row) => parseInt(placeOf(box, row)?.value, 10)).filter(Number.isFinite);
  const least = placeOf(box, find(":scope > template", box)?.content ?? box)?.min;
  const first = given.length ? Math.min(...given) : Number(least || 0);
  const number = () => rowsOf(box).forEach((row, at) => {
    const input = placeOf(box, row);
    if (!input || input.value === String(first + at)) return;
    input.value = first + at;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const byKey = (row, event) => {
    const other = { ArrowUp: row.previousElementSibling, ArrowDown: row.nextElementSibling }[event.key];
    if (other === undefined) return;
    event.preventDefault();
    if (!other?.matches(".form-row")) return;
    if (event.key === "ArrowUp") other.before(row);
    else other.after(row);
    number();
    event.target.focus();
    said.textContent = word("moved", rowsOf(box).indexOf(row) + 1);
  };
  // The document is listened to: a grip that is moved with its row loses the pointer.
  const byPointer = (row, event) => {
    event.preventDefault();
    const ended = new AbortController();
    row.classList.add("dragged");
    const move = ({ clientX, clientY }) => {
      const over = document.elementFromPoint(clientX, clientY)?.closest(".form-row");
      if (!over || over === row || over.parentElement !== box) return;
      const { top, height } = over.getBoundingClientRect();
      const isAbove = clientY < top + height / 2;
      if (isAbove && over.previousElementSibling !== row) over.before(row);
      if (!isAbove && over.nextElementSibling !== row) over.after(row);
    };
    const drop = () => {
      ended.abort();
      row.classList.remove("dragged");
      number();
    };
    document.addEventListener("pointermove", move, { signal: ended.signal });
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, drop, { signal: ended.signal });
  };
  const grip = (row) => {
    if (find(":scope > .grip", row)) return;
    const button = made("button", { type: "button", class: "tool grip", "aria-label": word("move"), title: `${word("move")} (↑ ↓)` }, drawing("grip"));
    button.addEventListener("keydown", (event) => byKey(row, event));
    button.addEventListener("pointerdown", (event) => byPointer(row, event));
    row.prepend(button);
  };
  box.append(said);
  rowsOf(box).forEach(grip);
  new MutationObserver(() => { rowsOf(box).forEach(grip); number(); }).observe(box, { childList: true });
}

forgetDrafts();
for (const form of all("form[data-guard]")) {
  guard(form);
  if (form.dataset.draft) drafts(form);
}
all("[data-tabs]").forEach(tabs);
all("[data-form-rows][data-sort]").forEach(sorting);
openForProblems();
