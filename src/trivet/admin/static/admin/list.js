// A list: rows are chosen, walked through and opened by the keyboard; filters are sent when they change.

const { all, find, keys, word } = trivetAdmin;
const form = find("#rows");

/** Rows that are chosen: how many, all of the page, a range with Shift, and all that match. */
function choosing() {
  const boxes = all('input[name="key"]', form);
  const bar = find(".bulk:not(.save)", form);
  if (!bar || !boxes.length) return;
  const every = find("[data-every]", form);
  const match = find("[data-all]", form);
  let last = null;

  const count = () => {
    const number = boxes.filter((box) => box.checked).length;
    every.checked = number === boxes.length;
    every.indeterminate = number > 0 && number < boxes.length;
    bar.classList.toggle("on", number > 0);
    match.hidden = number < boxes.length;
    const box = find("input", match);
    if (match.hidden) box.checked = false;
    find("[data-chosen]", bar).textContent = number ? word("chosen", box.checked ? "" : number).trim() : "";
  };
  const set = (some, isChosen) => {
    for (const box of some) box.checked = isChosen;
    count();
  };
  form.addEventListener("click", (event) => {
    const box = event.target;
    if (box.name !== "key") return;
    if (event.shiftKey && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
    }
    last = box;
  });
  form.addEventListener("change", count);
  every.addEventListener("change", () => set(boxes, every.checked));
  find("[data-choose-none]", bar).addEventListener("click", () => set(boxes, false));
  keys.set("x", () => document.activeElement?.closest("tr")?.querySelector('input[name="key"]')?.click());
  document.addEventListener("keydown", (event) => {
    const isFree = !event.defaultPrevented && !find("dialog[open], .pop[open], .a [open]");
    if (event.key === "Escape" && isFree && boxes.some((box) => box.checked)) set(boxes, false);
  });
  // A page that comes back with "back" has its ticks again.
  addEventListener("pageshow", count);
  count();
}

/** j and k go from row to row; Enter opens, since the focus is on the row's link. */
function walking() {
  const rows = all("tbody tr", form);
  const target = (row) => row && (find("th a", row) ?? find("input, a, button", row));
  const go = (step) => () => {
    const at = rows.indexOf(document.activeElement?.closest("tbody tr"));
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    target(next)?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  keys.set("j", go(1));
  keys.set("k", go(-1));
}

/** A click anywhere in a row opens it, unless it was for something in it, or text was marked. */
function opening() {
  find("tbody", form).addEventListener("click", (event) => {
    if (event.target.closest("a, button, input, select, textarea, label, summary, .c, .a")) return;
    const link = find("th a", event.target.closest("tr"));
    if (!link || !getSelection().isCollapsed) return;
    if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
    else link.click();
  });
}

/** Filters are sent when something was picked. What is typed waits for Enter: half a date is none. */
function filtering() {
  document.addEventListener("change", (event) => {
    const sent = event.target.closest?.("form[data-submit]");
    if (sent && event.target.matches("select, [type=radio], [type=checkbox], [type=hidden]")) sent.requestSubmit();
  });
  // Nothing is asked of the server for inputs that are empty, and the address stays short.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "get") return;
    for (const input of all("input:not([type=checkbox], [type=radio]), select", event.target)) {
      if (input.name && input.value === "") input.disabled = true;
    }
  });
  addEventListener("pageshow", () => { for (const input of all(".bar input:disabled")) input.disabled = false; });
}

if (form) {
  choosing();
  walking();
  opening();
}
filtering();
