// Rows of other tables are picked by typing: a combobox of ARIA 1.2 over an input that has the key.
// `data-picker-url` answers ?q=… with [{value, label, hint}]. Without a script the key itself is typed.

const { all, drawing, find, made, word } = trivetAdmin;
let count = 0;

/** Make what is typed into and what is picked from; `picked` is called with {value, label}, or null for none. */
function combobox(url, { id, label, notes = {}, picked }) {
  const listId = `picks-${++count}`;
  const input = made("input", {
    id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": listId, placeholder: word("search"), ...notes,
  });
  const list = made("div", { role: "listbox", id: listId, "aria-label": label || word("results", "").trim(), hidden: true });
  const status = made("span", { class: "vh", role: "status" });
  const box = made("span", { class: "combo" }, input, list, status);
  let running = null;
  let timer = 0;
  let found = [];
  let at = -1;

  const close = () => {
    running?.abort();
    clearTimeout(timer);
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (number) => {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = number;
    const option = list.children[at];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const show = (rows) => {
    found = rows;
    list.replaceChildren(...rows.map((row, number) => {
      const option = made("div", { role: "option", id: `${listId}-${number}`, "aria-selected": "false" }, made("span", {}, row.label));
      if (row.hint) option.append(made("small", {}, row.hint));
      return option;
    }));
    status.textContent = rows.length ? word("results", rows.length) : word("nothing");
    if (!rows.length) list.append(made("div", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }, word("nothing")));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark(rows.length && input.value ? 0 : -1);
  };
  const look = async () => {
    running?.abort();
    const mine = running = new AbortController();
    const address = new URL(url, location);
    // A name that stands there is no search: all are offered.
    address.searchParams.set("q", input.value === input.dataset.shown ? "" : input.value.trim());
    try {
      const answer = await fetch(address, { signal: mine.signal, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const rows = await answer.json();
      if (document.activeElement === input) show(rows);
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = word("failed");
    }
  };
  const pick = (row) => {
    close();
    picked(row, input);
  };

  input.addEventListener("input", (event) => {
    event.stopPropagation(); // what is typed to search changes nothing yet
    clearTimeout(timer);
    timer = setTimeout(look, 150);
  });
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("click", () => { if (list.hidden) look(); });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) look();
      else if (found.length) mark((at + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length);
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (found[at]) pick(found[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  // The list takes no focus, or the input would lose it before a click is one.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest('[role="option"]:not([aria-disabled])');
    if (option) pick(found[[...list.children].indexOf(option)]);
  });
  input.addEventListener("blur", () => {
    close();
    if (input.value !== (input.dataset.shown ?? "") && input.value.trim() === "") picked(null, input);
    else input.value = input.dataset.shown ?? "";
  });
  return { box, input };
}

/** Tell the form that a value is another one. */
function changed(input) {
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

/** One row: the key goes into a hidden input, its name stands in what is typed into. */
function single(old) {
  const hidden = made("input", { type: "hidden", name: old.name, value: old.value });
  const label = document.querySelector(`label[for="${CSS.escape(old.id)}"]`)?.textContent.trim();
  const notes = {};
  for (const name of ["required", "aria-describedby", "aria-invalid", "autofocus"]) {
    if (old.hasAttribute(name)) notes[name] = old.getAttribute(name);
  }
  const clear = made("button", { type: "button", class: "tool", "aria-label": word("none"), hidden: !old.value }, drawing("close"));
  const show = (row, input) => {
    hidden.value = row?.value ?? "";
    hidden.dataset.label = row?.label ?? "";
    input.value = input.dataset.shown = hidden.dataset.label;
    clear.hidden = !hidden.value;
  };
  const { box, input } = combobox(old.dataset.pickerUrl, {
    id: old.id, label, notes, picked: (row, typed) => { show(row, typed); changed(hidden); },
  });
  const hasFocus = document.activeElement === old;
  show({ value: old.value, label: old.dataset.pickerLabel || old.value }, input);
  clear.addEventListener("click", () => { show(null, input); changed(hidden); input.focus(); });
  // Drafts put a key back, with its name.
  hidden.addEventListener("restored", () => show({ value: hidden.value, label: hidden.dataset.label || hidden.value }, input));
  box.append(hidden, clear);
  find(".name", old.parentElement)?.remove();
  old.replaceWith(box);
  if (hasFocus) input.focus();
}

/** Several rows: each is a tick, which is there without a script too. */
function several(place) {
  const { pickerName: name, pickerUrl: url, pickerId: id } = place.dataset;
  const label = document.querySelector(`label[for="${CSS.escape(id)}"]`)?.textContent.trim();
  const add = (row, isChosen) => {
    let tick = all("input[type=checkbox]", place).find((one) => one.value === String(row.value));
    if (!tick) {
      tick = made("input", { type: "checkbox", name, value: row.value });
      find(":scope > :not(.picked)", place).before(made("label", { class: "picked" }, tick, row.label));
    }
    tick.checked = isChosen;
    return tick;
  };
  const { box } = combobox(url, {
    id, label,
    picked: (row, input) => {
      input.value = input.dataset.shown = "";
      if (row) changed(add(row, true));
    },
  });
  // Drafts put ticks back that the server did not send.
  place.addEventListener("restored", (event) => add(event.detail, event.detail.isChosen));
  find(".plain", place)?.remove(); // what keys are typed into without a script
  place.append(box);
}

function enhance(below) {
  for (const input of all("input[data-picker-url]", below)) single(input);
  for (const place of all("div[data-picker-url]", below)) {
    if (!find(".combo", place)) several(place);
  }
}

enhance(document);
// Rows that are added to a form bring inputs of their own.
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node instanceof HTMLElement && node.matches(".form-row, .card")) enhance(node);
  }
}).observe(document.querySelector("main"), { childList: true, subtree: true });
