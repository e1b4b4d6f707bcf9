// Pages that are looked at are fetched again when there is something new, and EXPLAIN opens in place.
// Without this script all of it works by links.

const main = document.querySelector("[data-live]");
const EVERY = 1500; // milliseconds

async function refresh() {
  const url = new URL(location.href);
  url.searchParams.set("stamp", main.dataset.live);
  const answer = await fetch(url, { headers: { accept: "text/html" } });
  if (answer.status !== 200) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (!fresh) return;
  const open = [...main.querySelectorAll("details")].map((one) => one.open);
  const has = main.contains(document.activeElement) && document.activeElement.getAttribute("href");
  main.replaceChildren(...fresh.childNodes);
  main.dataset.live = fresh.dataset.live;
  if (open.some(Boolean) && main.querySelectorAll("details").length === open.length)
    main.querySelectorAll("details").forEach((one, index) => { one.open = open[index]; });
  if (has) [...main.querySelectorAll("a")].find((one) => one.getAttribute("href") === has)?.focus({ preventScroll: true });
}

async function watch() {
  const isBusy = document.hidden || !getSelection().isCollapsed || main.querySelector("details[open]");
  try {
    if (!isBusy) await refresh();
    document.documentElement.removeAttribute("data-away");
  } catch {
    document.documentElement.setAttribute("data-away", ""); // the server begins anew
  }
  setTimeout(watch, EVERY);
}

if (main) setTimeout(watch, EVERY);

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-explain]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const item = link.closest("li");
  const shown = item.querySelector(".explained");
  if (shown) return shown.remove();
  const answer = await fetch(link.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const plan = document.createElement("pre");
  plan.className = "plan explained";
  plan.textContent = page.querySelector("#plan-text")?.textContent ?? "This query is not kept any more.";
  item.append(plan);
});
