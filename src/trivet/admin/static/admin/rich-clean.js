// What may stand in rich text. The server cleans what it is sent, whatever happened here: this only lets a person see what
// will stay. Nothing that is read here runs or is loaded: it is parsed into a document that no window shows.

const { tags, schemes } = JSON.parse(document.getElementById("rich").dataset.allowed);

const BLOCKS = "p, h1, h2, h3, h4, h5, h6, pre, blockquote, ul, ol, dl, table, figure, hr";
const LINES = "p, h1, h2, h3, h4, h5, h6, li, pre, blockquote, td, th, dt, dd";
const MARKS = "a, abbr, b, strong, i, em, u, ins, s, del, code, kbd, mark, small, sub, sup, q";
const WITHOUT_INK = "script, style, title, template, noscript, iframe, object, select, textarea, button, svg, math, head";
const INNER = "ul, ol, dl, table, thead, tbody, tr"; // where a space between two elements is nothing
const NEW_NAMES = { strike: "s", div: "p", center: "p" };

export const isBlock = (node) => node instanceof Element && node.matches(BLOCKS);

/** Give an address as it goes into a link; null for one that the server would not keep. */
export function address(typed) {
  let text = typed.trim();
  if (/^[^\s@/:?#]+@[^\s@/:?#]+\.[^\s@/:?#]+$/.test(text)) text = `mailto:${text}`;
  else if (/^(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?::\d+)?(?:[/?#]\S*)?$/u.test(text)) text = `https://${text}`;
  return /^(?:[a-z][a-z0-9+.-]*:|[/#?.])/i.test(text) && isSafe(text) ? text : null;
}

function isSafe(text) {
  // A browser leaves out what cannot be seen before it reads a scheme, and so does this.
  try { return text !== "" && schemes.includes(new URL(text, "https://here.invalid/").protocol.slice(0, -1)); } catch { return false; }
}

const styleOf = (element) => element.getAttribute("data-style") ?? "";

/** What other programs say by a style: Google's editor writes bold letters so. */
function marksOf(element) {
  const style = styleOf(element);
  const found = [];
  if (/font-weight:\s*(?:bold|[6-9]00)/i.test(style)) found.push("b");
  if (/font-style:\s*italic/i.test(style)) found.push("i");
  return found;
}

function renamed(element, name) {
  const made = element.ownerDocument.createElement(name);
  made.append(...element.childNodes);
  element.replaceWith(made);
  return made;
}

function unwrapped(element) {
  const inner = [...element.childNodes];
  element.replaceWith(...inner);
  return inner;
}

/** Make one element what it may be, without what is below it; gives what is in its place. */
export function tidied(element) {
  if (element.matches(WITHOUT_INK)) {
    element.remove();
    return [];
  }
  const name = element.localName;
  if (name in NEW_NAMES && !(NEW_NAMES[name] === "p" && (element.querySelector(BLOCKS) || element.closest("li, td, th, p, pre")))) {
    return tidied(renamed(element, NEW_NAMES[name]));
  }
  const isNormal = name === "b" && /font-weight:\s*normal/i.test(styleOf(element));
  if (name === "span") for (const mark of marksOf(element)) element.prepend(renamed(wrapped(element), mark));
  if (!Object.hasOwn(tags, name) || isNormal) return unwrapped(element);
  for (const { name: key, value } of [...element.attributes]) {
    const isAddress = key === "href" || key === "src";
    if (!tags[name].includes(key) || (isAddress && !isSafe(value))) element.removeAttribute(key);
  }
  if ((name === "a" && !element.hasAttribute("href")) || (name === "img" && !element.hasAttribute("src"))) return unwrapped(element);
  return [element];
}

/** Put all that is in an element into one below it. */
function wrapped(element) {
  const inner = element.ownerDocument.createElement("span");
  inner.append(...element.childNodes);
  element.append(inner);
  return inner;
}

function cleanBelow(parent, isExact) {
  for (const node of [...parent.childNodes]) {
    if (node instanceof Text) {
      if (!isExact) node.data = node.data.replace(/[ \t\r\n]+/g, " ");
      const isBetween = !isExact && !node.data.trim() && (parent.matches?.(INNER) || isBlock(node.previousSibling) || isBlock(node.nextSibling));
      if (!node.data || isBetween) node.remove();
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      cleanBelow(node, isExact || node.localName === "pre");
      tidied(node);
    } else node.remove();
  }
}

/** Give what may stay of HTML, as a fragment of this document. */
export function cleaned(html) {
  // No measure of safety: a browser complains of all that the policy forbids, even in a document that does nothing.
  const quiet = html.replace(/<style[\s>][\s\S]*?<\/style\s*>/gi, "").replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\s(style|on[a-z]+)\s*=/gi, " data-$1="));
  const given = new DOMParser().parseFromString(quiet, "text/html");
  const made = given.createDocumentFragment();
  made.append(...given.body.childNodes);
  cleanBelow(made, false);
  made.normalize();
  const walker = given.createTreeWalker(made, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!text.parentElement?.closest("pre")) text.data = text.data.replace(/ {2,}/g, " ");
  }
  // Not before: an image is loaded as soon as it comes into a document that somebody sees.
  return document.adoptNode(made);
}

/** Put what stands by itself into paragraphs, and leave nothing between blocks. */
export function inBlocks(fragment) {
  let open = null;
  for (const node of [...fragment.childNodes]) {
    if (isBlock(node)) open = null;
    else if (!open && node instanceof Text && !node.data.trim()) node.remove();
    else {
      if (!open) node.before(open = document.createElement("p"));
      open.append(node);
    }
  }
  for (const quote of fragment.querySelectorAll("blockquote")) {
    if (quote.hasChildNodes()) inBlocks(quote);
    else quote.remove();
  }
  for (const block of fragment.querySelectorAll(LINES)) {
    if (!block.hasChildNodes()) block.append(document.createElement("br")); // otherwise nobody could get into it
  }
  return fragment;
}

/** Give plain text as paragraphs, which an empty line parts. */
export function paragraphs(text) {
  const made = document.createDocumentFragment();
  for (const part of text.replace(/\r\n?/g, "\n").split(/\n{2,}/)) {
    const paragraph = document.createElement("p");
    part.split("\n").forEach((line, at) => paragraph.append(...(at ? [document.createElement("br")] : []), ...(line ? [line] : [])));
    made.append(paragraph);
  }
  return made;
}

/** Give plain text as it stands in code. */
export function lettersOnly(text) {
  const made = document.createDocumentFragment();
  made.append(text.replace(/\r\n?/g, "\n"));
  return made;
}

/** Give the text of an editor as it is sent: a block a line; nothing where nothing is to be seen. */
export function written(root) {
  if (!root.textContent.trim() && !root.querySelector("img, hr, table, li")) return "";
  const copy = document.createDocumentFragment();
  copy.append(...root.cloneNode(true).childNodes);
  cleanBelow(copy, true);
  const whole = document.createElement("div");
  whole.append(inBlocks(copy));
  // The last ends of a line only hold it open in an editor, and marks of no letter are what was left of some.
  for (const one of [...whole.querySelectorAll(`br, :is(${MARKS}):empty`)].reverse()) {
    if (one.localName !== "br") one.remove();
    else if (!one.nextSibling && one.previousSibling && one.parentNode.matches(LINES)) one.remove();
  }
  return [...whole.childNodes].map((one) => one.outerHTML).join("\n");
}
