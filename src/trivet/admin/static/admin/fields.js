// Single fields of a form: what depends on another, slugs, previews, colours, JSON. Rows that are added have them too.

const { all, find, made } = trivetAdmin;

/** Give a field of the same row, or of the whole form, by its name. */
function beside(input, name) {
  const below = input.name.slice(0, input.name.lastIndexOf("-") + 1);
  return input.form?.elements[below + name] ?? input.form?.elements[name];
}

/** Give what is chosen, as the server would read it. */
function valueOf(field) {
  if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked ? "true" : "false";
  return field?.value ?? "";
}

/** A field with data-shown-when is seen while another one has one of the values of data-shown-is. */
function depending(input) {
  const { shownWhen, shownIs } = input.dataset;
  const place = input.closest(".form-field");
  const isRequired = input.required;
  if (!place) return;
  const look = () => {
    const source = beside(input, shownWhen);
    if (!source) return;
    place.hidden = !shownIs.toLowerCase().split("|").includes(valueOf(source).toLowerCase());
    // A browser would not send a form for the sake of what nobody can see.
    input.required = isRequired && !place.hidden;
  };
  input.form?.addEventListener("input", look);
  input.form?.addEventListener("change", look);
  look();
}

/** A slug follows what it is made from, until somebody writes one. */
function slug(input, from) {
  const source = beside(input, from);
  if (!source || input.value) return;
  let isOwn = false;
  input.addEventListener("input", (event) => { if (event.isTrusted) isOwn = input.value !== ""; });
  source.addEventListener("input", () => {
    if (isOwn) return;
    const made = source.value.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
    input.value = made.slice(0, input.maxLength > 0 ? input.maxLength : undefined).replace(/^-+|-+$/g, "");
  });
}

/** A colour may be picked too. */
function colour(input) {
  const isColour = () => /^#[0-9a-f]{6}$/i.test(input.value);
  const label = input.labels?.[0]?.textContent.trim() ?? "";
  const well = made("input", { type: "color", "aria-label": label, value: isColour() ? input.value : "#000000" });
  well.addEventListener("input", () => {
    input.value = well.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  input.addEventListener("input", () => { if (isColour()) well.value = input.value; });
  input.after(well);
}

/** What the server makes of a text, below it: data-preview-url answers a POST of `text` with HTML. */
function preview(area) {
  const shown = made("div", { class: "preview", hidden: true });
  let timer = 0;
  let running = null;
  const draw = async () => {
    running?.abort();
    running = new AbortController();
    const body = new FormData();
    for (const one of all("input[type=hidden][name*=csrf]", area.form)) body.set(one.name, one.value);
    body.set("text", area.value);
    try {
      const answer = await fetch(area.dataset.previewUrl, { method: "POST", body, signal: running.signal });
      shown.hidden = !area.value || !answer.ok;
      // The server cleans what it gives, and the policy of the page lets no script within it run.
      if (answer.ok) shown.innerHTML = await answer.text();
    } catch {
      // An older text, or no server: the text itself is still there.
    }
  };
  area.after(shown);
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, 400);
  });
  if (area.value) draw();
}

/** JSON is looked through before it is sent, and says what is wrong in the words of the browser. */
function json(area) {
  const look = () => {
    let fault = "";
    try { if (area.value.trim()) JSON.parse(area.value); } catch (error) { fault = error.message; }
    area.setCustomValidity(fault);
  };
  area.addEventListener("input", look);
  // Tab goes on to the next field, as everywhere; lines keep how far the one before stands in.
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    const before = area.value.slice(0, area.selectionStart);
    const indent = before.slice(before.lastIndexOf("\n") + 1).match(/^\s*/)[0] + (/[[{]\s*$/.test(before) ? "  " : "");
    if (!indent) return;
    event.preventDefault();
    area.setRangeText(`\n${indent}`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  look();
}

/** What is locked is read only for inputs; choices and ticks have no such thing, so they go back. */
function locked(input) {
  input.setAttribute("aria-readonly", "true");
  if (!input.matches("select, [type=checkbox], [type=radio]")) return;
  for (const name of ["click", "keydown", "pointerdown"]) {
    input.addEventListener(name, (event) => { if (event.key !== "Tab") event.preventDefault(); });
  }
}

function enhance(below) {
  for (const input of all("[data-shown-when]", below)) depending(input);
  for (const input of all("[data-slug-from]", below)) slug(input, input.dataset.slugFrom);
  for (const input of all("[data-colour]", below)) colour(input);
  for (const area of all("[data-preview-url]", below)) preview(area);
  for (const area of all('[data-kind="json"]', below)) json(area);
  for (const input of all("[data-locked]", below)) locked(input);
}

enhance(document);
for (const one of find("#slugs")?.content.querySelectorAll("i") ?? []) {
  const input = document.querySelector(`main form [name="${CSS.escape(one.dataset.slug)}"]`);
  if (input) slug(input, one.dataset.slugFrom);
}
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) {
      // A row that is only moved has been seen already.
      if (!(node instanceof HTMLElement) || !node.matches(".form-row") || "seen" in node.dataset) continue;
      enhance(node);
    }
  }
  mark();
}).observe(document.querySelector("main"), { childList: true, subtree: true });

function mark() {
  for (const row of all(".form-row")) row.dataset.seen = "";
}
mark();
