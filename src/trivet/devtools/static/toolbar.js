// The toolbar of development: a small button in a corner that opens into the figures of this page's
// request. Its style stands in a shadow, so that neither the page's nor its own reaches the other.

const script = document.currentScript;
const facts = script.dataset;
const HIDDEN = "trivet-devtools-hidden";

const STYLE = `
  :host { all: initial; position: fixed; inset: auto 12px 12px auto; z-index: 2147483000; color-scheme: light dark;
    font: 500 12px/1.3 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
  @media print { :host { display: none; } }
  * { box-sizing: border-box; }
  .bar { display: flex; align-items: stretch; max-width: calc(100vw - 24px); border-radius: 10px; overflow: hidden;
    color: #e7e9ee; background: #16191f; box-shadow: 0 6px 24px rgb(0 0 0 / .28), 0 0 0 1px rgb(255 255 255 / .12); }
  button, a { all: unset; box-sizing: border-box; display: flex; align-items: center; gap: 6px; min-height: 32px;
    padding: 0 10px; color: inherit; cursor: pointer; white-space: nowrap; font-variant-numeric: tabular-nums; }
  button:hover, a:hover { background: #2a2f39; }
  button:focus-visible, a:focus-visible { outline: 2px solid #98a4ff; outline-offset: -2px; border-radius: 8px; }
  svg { width: 16px; height: 16px; flex: none; }
  .more { display: none; }
  .is-open .more { display: flex; }
  .more > * { border-inline-start: 1px solid #2f3540; }
  .warn { color: #f1c876; }
  .soft { color: #a3aab8; }
  @media (max-width: 480px) { .is-open { flex-direction: column-reverse; } .is-open .more { flex-direction: column; }
    .more > * { border-inline-start: 0; border-block-end: 1px solid #2f3540; } }
`;

function piece(tag, text, more = {}) {
  const made = Object.assign(document.createElement(tag), more);
  made.append(text);
  return made;
}

function icon() {
  const space = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(space, "svg");
  made.setAttribute("viewBox", "0 0 32 32");
  made.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M5 10h22M10 10l-2 14M22 10l2 14M16 10v14");
  path.setAttribute("fill", "none");
  path.setAttribute("stroke", "#98a4ff");
  path.setAttribute("stroke-width", "3.2");
  path.setAttribute("stroke-linecap", "round");
  made.append(path);
  return made;
}

function build() {
  const host = document.createElement("trivet-toolbar");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const bar = piece("div", "", { className: "bar" });
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Trivet development toolbar");

  const time = `${Math.round(facts.milliseconds)} ms`;
  const toggle = piece("button", icon(), { type: "button", title: "What happened in this request" });
  toggle.append(piece("span", time));
  if (+facts.faults || +facts.logs) toggle.append(piece("span", "●", { className: "warn" }));
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-label", `Development: this page took ${time}`);
  toggle.addEventListener("click", () => {
    const isOpen = bar.classList.toggle("is-open");
    toggle.setAttribute("aria-expanded", String(isOpen));
  });

  const more = piece("div", "", { className: "more" });
  const queries = +facts.queries;
  const told = queries ? `${queries} ${queries === 1 ? "query" : "queries"}, ${Math.round(facts.queryMilliseconds)} ms` : "no queries";
  more.append(piece("a", told, { href: queries ? `${facts.request}#queries` : facts.request }));
  if (+facts.faults) more.append(piece("a", "too many queries", { href: `${facts.request}#queries`, className: "warn" }));
  if (+facts.logs) more.append(piece("a", `${facts.logs} logged`, { href: `${facts.request}#logs`, className: "warn" }));
  more.append(piece("a", "This request", { href: facts.request }));
  more.append(piece("a", "Development", { href: facts.home, className: "soft" }));
  const close = piece("button", "✕", { type: "button", title: "Hide it until this tab is closed", className: "soft" });
  close.setAttribute("aria-label", "Hide the toolbar until this tab is closed");
  close.addEventListener("click", () => {
    host.remove();
    try { sessionStorage.setItem(HIDDEN, "1"); } catch { /* it comes back with the next page */ }
  });
  more.append(close);

  bar.append(toggle, more);
  root.append(bar);
  document.body.append(host);
}

let isHidden = false;
try { isHidden = sessionStorage.getItem(HIDDEN) === "1"; } catch { /* a page without storage */ }
if (!isHidden && window.top === window) build();
