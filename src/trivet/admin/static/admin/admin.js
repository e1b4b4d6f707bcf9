// What every page of the admin does with a script. Without one, everything here is still reached: this file only makes
// it quicker. Elements say by data attributes what they want; nothing here knows a model. Scripts of your own may use
// `trivetAdmin`: word(name, value), tell(level, text, …buttons), ask(text), keys (key → function), isTyping(event).

const find = (selector, below = document) => below.querySelector(selector);
const all = (selector, below = document) => [...below.querySelectorAll(selector)];

/** Give a text of the page's language, which dialogs.html has. */
function word(name, value = "") {
  const found = find("#words")?.content.querySelector(`[data-word="${name}"]`);
  return (found?.textContent ?? name).replace("%s", value);
}

/** Remember something in this browser; storage may be forbidden or full. */
const kept = {
  get(key) {
    try { return localStorage.getItem(key); } catch { return null; }
  },
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch { /* then it is not remembered */ }
  },
  names() {
    try { return Object.keys(localStorage); } catch { return []; }
  },
};

/** Make an element: made("button", { class: "b", type: "button" }, "Text"). */
function made(tag, attributes = {}, ...inner) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inner);
  return element;
}

/** Draw one of the sprite's drawings. */
function drawing(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Say something above the content; buttons are [label, function]. */
function tell(level, text, ...buttons) {
  const notice = made("div", { class: `notice ${level}`, role: level === "error" ? "alert" : "status" },
    drawing(level === "success" ? "check" : level === "info" ? "info" : "warn"), made("p", {}, text));
  for (const [label, action] of buttons) {
    const button = made("button", { type: "button", class: "b quiet" }, label);
    button.addEventListener("click", () => { notice.remove(); action(); });
    notice.append(button);
  }
  notice.append(made("button", { type: "button", class: "tool", "data-dismiss": true, "aria-label": word("close") }, drawing("close")));
  find("#notices").append(notice);
  return notice;
}

/** Ask in a dialog, which keeps the focus and gives it back; true where the answer is yes. */
function ask(text) {
  const dialog = find("#ask");
  find("p", dialog).textContent = text;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}

const isTyping = (event) =>
  Boolean(event.target.closest?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]"));

/** What a key alone does; pages add theirs. */
const keys = new Map([
  ["/", () => find("[data-search]")?.select()],
  ["?", () => open("keys")],
  ["n", () => find("[data-new]")?.click()],
  ["[", () => find('.pager [rel="prev"]')?.click()],
  ["]", () => find('.pager [rel="next"]')?.click()],
  ["e", () => find("#form :is(input:not([type=hidden]), select, textarea)")?.focus()],
]);

globalThis.trivetAdmin = { all, ask, drawing, find, isTyping, kept, keys, made, tell, word };

/** Open a dialog by its id. */
function open(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) {
    dialog.showModal();
    dialog.dispatchEvent(new Event("opened"));
  }
}

/** Dialogs open by data-open, and close by a click beside them. */
function dialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open]");
    if (opener) open(opener.dataset.open);
    if (event.target instanceof HTMLDialogElement) {
      // The padding of a dialog is its own element too: only what lies outside of its box is beside it.
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside && event.clientX + event.clientY > 0) event.target.close();
    }
  });
}

/** Keys: with Ctrl always, alone only where nobody types, and only until somebody switches them off. */
function shortcuts() {
  if (/Mac|iPhone|iPad/.test(navigator.platform)) for (const key of all("kbd")) key.textContent = key.textContent.replace("Ctrl", "⌘");
  const box = find("[data-single-keys]");
  if (box) {
    box.checked = kept.get("admin-keys") !== "off";
    box.addEventListener("change", () => kept.set("admin-keys", box.checked ? null : "off"));
  }
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      if (key === "k" && find("#palette")) {
        event.preventDefault();
        open("palette");
      } else if (key === "s" && find("[data-save]") && !find("dialog[open]")) {
        event.preventDefault();
        find("[data-save]").click();
      }
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey || isTyping(event) || find("dialog[open]")) return;
    const action = kept.get("admin-keys") === "off" ? null : keys.get(event.key);
    if (action) {
      event.preventDefault();
      action();
    }
  });
}

/** Light or dark: the other one, kept in this browser; forgotten where it is what the system says anyway. */
function theme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  find("[data-theme-switch]")?.addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
    const next = isDark ? "light" : "dark";
    const isSystems = (next === "dark") === system.matches;
    if (isSystems) delete root.dataset.theme;
    else root.dataset.theme = next;
    kept.set("admin-theme", isSystems ? null : next);
  });
}

/** The menu on a phone: CSS opens it by its address (#menu); here without one, with the focus and Escape. */
function drawer() {
  const side = find(".side");
  const rest = find(".page");
  const burger = find(".burger");
  if (!side || !burger) return;
  const isOpen = () => side.classList.contains("open");
  const shut = () => {
    side.classList.remove("open");
    rest.inert = false;
    burger.focus();
  };
  burger.addEventListener("click", (event) => {
    event.preventDefault();
    side.classList.add("open");
    rest.inert = true;
    find("a, button", side).focus();
  });
  for (const link of all(".shut, .shade")) {
    link.addEventListener("click", (event) => {
      if (!isOpen()) return;
      event.preventDefault();
      shut();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) shut();
  });
  matchMedia("(max-width: 56rem)").addEventListener("change", () => { if (isOpen()) shut(); });
}

/** What opens below a button is <details>: here it closes by Escape and by a click elsewhere, and stays in sight. */
function pops() {
  const opened = () => all("details:is(.pop, .a *)[open]");
  document.addEventListener("click", (event) => {
    for (const one of opened()) if (!one.contains(event.target)) one.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    for (const one of opened()) {
      one.open = false;
      find("summary", one).focus();
    }
  });
  document.addEventListener("toggle", (event) => {
    const pop = event.target;
    if (!pop.matches?.("details:is(.pop, .a *)") || !pop.open) return;
    if (pop.closest(".a")) return beside(pop, find("ul", pop));
    const sheet = find(".sheet", pop);
    const isRtl = document.documentElement.dir === "rtl";
    const box = sheet.getBoundingClientRect();
    if (isRtl ? box.left < 0 : box.right > innerWidth) pop.classList.add("end");
    find("input:not([type=hidden], [type=checkbox])", sheet)?.focus();
  }, true);
}

/** Place a sheet of a row by the window, since the table would cut it off. */
function beside(pop, sheet) {
  const box = pop.getBoundingClientRect();
  sheet.style.position = "fixed";
  sheet.style.inset = "auto";
  const { width, height } = sheet.getBoundingClientRect();
  const isBelow = box.bottom + height + 8 < innerHeight;
  sheet.style.top = `${isBelow ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;
  const start = document.documentElement.dir === "rtl" ? box.left : box.right - width;
  sheet.style.left = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
  pop.closest(".scroll")?.addEventListener("scroll", () => { pop.open = false; }, { once: true });
}

/** Groups of the menu stay closed where somebody closed them, unless one is in them now. */
function groups() {
  for (const group of all("[data-keep]")) {
    const key = `admin-menu:${group.dataset.keep}`;
    if (kept.get(key) === "closed" && !find("[aria-current]", group)) group.open = false;
    group.addEventListener("toggle", () => kept.set(key, group.open ? null : "closed"));
  }
  const here = find(".groups [aria-current]");
  const list = find(".groups");
  if (here && list && here.offsetTop > list.clientHeight - 80) list.scrollTop = here.offsetTop - list.clientHeight / 2;
}

/** Forms: data-confirm asks first, data-once is sent once, and leaving clears what was kept of forms. */
function forms() {
  let confirmed = null;
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (form.method === "dialog") return;
    const text = submitter?.dataset.confirm ?? form.dataset.confirm;
    if (text && confirmed !== form) {
      event.preventDefault();
      ask(text).then((isYes) => {
        if (!isYes) return;
        confirmed = form;
        form.requestSubmit(submitter);
      });
      return;
    }
    confirmed = null;
    if ("once" in form.dataset) {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
    }
    if ("signOut" in form.dataset) {
      for (const name of kept.names()) if (name.startsWith("admin-draft:")) kept.set(name, null);
    }
  });
  // A page that the browser brings back with the button "back" may be sent again.
  addEventListener("pageshow", () => { for (const form of all("[data-sent]")) delete form.dataset.sent; });
}

/** Notices go by their button. */
function notices() {
  document.addEventListener("click", (event) => {
    event.target.closest?.("[data-dismiss]")?.closest(".notice")?.remove();
  });
}

dialogs();
shortcuts();
theme();
drawer();
pops();
groups();
forms();
notices();
