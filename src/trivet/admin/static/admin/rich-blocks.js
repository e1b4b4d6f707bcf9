// Lines and blocks of rich text: paragraphs, headings, lists, quotations, code; and what every tool does.

import { inBlocks } from "./rich-clean.js";
import { clear, isMark, letters } from "./rich-marks.js";
import { around, keepingPlace, lastOf, lineOf, lines, LINES, rangeIn, select, tops } from "./rich-places.js";

/** Make another block of a line; its lines within are ends of lines in code, and elements elsewhere. */
export function turned(line, name) {
  const made = document.createElement(name);
  made.append(...line.childNodes);
  if (line.matches(LINES)) line.replaceWith(made);
  else line.append(made);
  if (name === "pre") for (const end of made.querySelectorAll("br")) if (end.nextSibling || end.previousSibling) end.replaceWith("\n");
  if (line.localName === "pre" && name !== "pre") {
    const walker = document.createTreeWalker(made, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (let text = walker.currentNode, at; (at = text.data.indexOf("\n")) >= 0;) {
        text = text.splitText(at);
        text.before(document.createElement("br"));
        text.deleteData(0, 1);
        walker.currentNode = text;
      }
    }
  }
  return made;
}

/** Take an entry out of its list: into the list around, or as paragraphs between what is before and behind it. */
function lifted(item) {
  const list = item.parentNode;
  const rest = list.cloneNode(false);
  while (item.nextSibling) rest.append(item.nextSibling);
  if (list.parentNode.localName === "li") {
    list.parentNode.after(item);
    if (rest.firstChild) item.append(rest);
  } else {
    const inner = document.createDocumentFragment();
    inner.append(...item.childNodes);
    list.after(inBlocks(inner), ...(rest.firstChild ? [rest] : []));
    item.remove();
  }
  if (!list.children.length) list.remove();
}

/** Give the entries of lists in which something is selected, the innermost alone. */
function items(root, range) {
  const found = tops(root, range).flatMap((one) => [...one.querySelectorAll("li")]).filter((one) => range.intersectsNode(one));
  return found.filter((one) => !found.some((other) => other !== one && one.contains(other)));
}

/** Make entries of a list of the lines that are selected; or no entries, or those of another kind of list. */
function list(root, name) {
  const range = rangeIn(root);
  const there = around(root, "ul, ol");
  keepingPlace(root, () => {
    if (there?.localName === name) items(root, range).forEach(lifted);
    else if (there) {
      const made = document.createElement(name);
      made.append(...there.childNodes);
      there.replaceWith(made);
    } else {
      const found = lines(root, range).filter((one, _, every) => one.matches(LINES) && one.parentNode === every[0].parentNode);
      if (!found.length) return;
      const before = found[0].previousElementSibling;
      const made = before?.localName === name ? before : document.createElement(name);
      if (made !== before) found[0].before(made);
      for (const line of found) {
        const item = document.createElement("li");
        const plain = line.localName === "p" ? line : turned(line, "p");
        item.append(...plain.childNodes);
        plain.remove();
        made.append(item);
      }
    }
  });
}

/** Make paragraphs or headings of the lines that are selected; out of a list, where they are in one. */
function block(root, name) {
  for (let most = 9, found; most && (found = items(root, rangeIn(root))).length; most -= 1) {
    keepingPlace(root, () => found.forEach(lifted));
  }
  const range = rangeIn(root);
  const found = lines(root, range);
  const other = found.every((one) => one.localName === name) ? "p" : name;
  keepingPlace(root, () => { for (const line of found) if (line.localName !== other) turned(line, other); });
}

function quote(root) {
  const there = around(root, "blockquote");
  keepingPlace(root, () => {
    if (there) {
      inBlocks(there);
      there.replaceWith(...there.childNodes);
      return;
    }
    const made = document.createElement("blockquote");
    const blocks = tops(root, rangeIn(root));
    blocks[0].before(made);
    made.append(...blocks);
  });
}

/** Make code of some letters, or of whole lines where no letter or more than a line is selected; or no code of it. */
function code(root) {
  const range = rangeIn(root);
  const inline = around(root, "code");
  const found = lines(root, range);
  if (inline && !inline.closest("pre")) {
    keepingPlace(root, () => inline.replaceWith(...inline.childNodes));
  } else if (around(root, "pre")) {
    keepingPlace(root, () => { for (const line of found.filter((one) => one.matches("pre"))) turned(line, "p"); });
  } else if (range.collapsed || found.length > 1) {
    if (around(root, "li")) return;
    keepingPlace(root, () => {
      const [first, ...others] = found.map((one) => turned(one, "pre"));
      for (const other of others) {
        first.append("\n", ...other.childNodes);
        other.remove();
      }
    });
  } else if (found.length) {
    // A line that is selected as a whole ends where the next one begins.
    if (lineOf(root, range.startContainer) !== found[0]) range.setStart(found[0], 0);
    if (lineOf(root, range.endContainer) !== found[0]) range.setEndAfter(lastOf(found[0]));
    const made = document.createElement("code");
    made.append(range.extractContents());
    for (const one of made.querySelectorAll("code")) one.replaceWith(...one.childNodes);
    range.insertNode(made);
    // Otherwise nobody could write on behind it.
    if (!made.nextSibling?.textContent) made.after(" ");
    const all = document.createRange();
    all.selectNodeContents(made);
    select(all);
  }
}

/** Do what a tool is for. */
export function act(root, does) {
  if (isMark(does)) letters(root, does);
  else if (does === "ul" || does === "ol") list(root, does);
  else if (does === "quote") quote(root);
  else if (does === "code") code(root);
  else if (does === "clear") {
    clear(root);
    if (around(root, "h1, h2, h3, h4, h5, h6")) block(root, "p");
  }
  else block(root, does);
}
