// The command palette: everything of the menu at once, and what the server finds for the words that were typed.
// `data-palette-url` of the body answers ?q=… with [{label, hint, url, group}].

const { find, all, made, word } = trivetAdmin;
const dialog = find("#palette");
const input = find("input", dialog);
const list = find("#found");
const status = find(".none", dialog);
let running = null;
let timer = 0;

/** What the menu has, for the words; it needs no server. */
function inMenu(text) {
  const words = text.toLowerCase().split(/\s+/);
  return all(".groups li > a:first-child")
    .map((link) => ({
      label: link.textContent.trim(),
      url: link.href,
      group: link.closest("details")?.querySelector("summary").textContent.trim() ?? "",
    }))
    .filter((one) => words.every((each) => `${one.group} ${one.label}`.toLowerCase().includes(each)));
}

/** Only addresses that a link may have: never a script. */
function isSafe(url) {
  try { return /^https?:$/.test(new URL(url, location).protocol); } catch { return false; }
}

/** Show what was found, each address once, under the names of its groups. */
function show(found, isDone) {
  const known = new Set();
  const groups = new Map();
  for (const one of found) {
    const url = new URL(one.url, location).href;
    if (known.has(url)) continue;
    known.add(url);
    groups.set(one.group ?? "", [...(groups.get(one.group ?? "") ?? []), { ...one, url }]);
  }
  let number = 0;
  list.replaceChildren();
  for (const [group, members] of groups) {
    if (group) list.append(made("div", { role: "presentation" }, group));
    for (const one of members) {
      const option = made("a", { role: "option", id: `found-${number++}`, href: one.url, tabindex: "-1", "aria-selected": "false" }, made("span", {}, one.label));
      if (one.hint) option.append(made("small", {}, one.hint));
      list.append(option);
    }
  }
  input.setAttribute("aria-expanded", String(number > 0));
  status.textContent = number || !isDone ? "" : word("nothing");
  choose(options()[0]);
}

const options = () => all('[role="option"]', list);
const chosen = () => find('[aria-selected="true"]', list);

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  if (!option) return input.removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", option.id);
}

/** Ask the server; an answer to older words is thrown away. */
async function look() {
  const text = input.value.trim();
  const own = inMenu(text);
  show(own, false);
  running?.abort();
  running = new AbortController();
  const url = new URL(document.body.dataset.paletteUrl, location);
  url.searchParams.set("q", text);
  try {
    const answer = await fetch(url, { signal: running.signal, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const found = (await answer.json()).filter((one) => isSafe(one.url));
    show([...own, ...found], true);
  } catch (error) {
    if (error.name !== "AbortError") {
      show(own, true);
      if (!own.length) status.textContent = word("failed");
    }
  }
}

dialog.addEventListener("opened", () => {
  input.value = "";
  show(inMenu(""), false);
  look();
});
input.addEventListener("input", () => {
  show(inMenu(input.value.trim()), false);
  clearTimeout(timer);
  timer = setTimeout(look, 120);
});
input.addEventListener("keydown", (event) => {
  const there = options();
  const at = there.indexOf(chosen());
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    choose(there.at((at + step + there.length) % (there.length || 1)));
  } else if (event.key === "Enter" && chosen() && !event.isComposing) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) open(chosen().href, "_blank", "noopener");
    else location.assign(chosen().href);
    dialog.close();
  }
});
list.addEventListener("click", () => dialog.close());
