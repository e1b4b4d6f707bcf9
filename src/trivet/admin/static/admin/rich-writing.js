// What is written into rich text otherwise than letter by letter: what is pasted, what is taken out, new lines.

import { turned } from "./rich-blocks.js";
import { inBlocks, isBlock } from "./rich-clean.js";
import { around, caret, inner, leafAt, lineOf, LINES, rangeIn, topOf } from "./rich-places.js";

const isEmpty = (node) => !node.textContent && !node.querySelector?.("img, hr, table, li");

/** Take out what is in a range, and join the two lines in which it begins and ends. */
export function erase(root, range) {
  const whole = range.startContainer === root || range.endContainer === root ? inner(root, range) : range;
  const first = lineOf(root, whole.startContainer);
  let last = lineOf(root, whole.endContainer);
  const isJoined = first && last && first !== last && !last.contains(first);
  const place = leafAt(whole.startContainer, whole.startOffset);
  whole.deleteContents();
  if (isJoined) {
    const name = first.localName === "pre" ? "pre" : "p"; // lines end otherwise in code
    if (last.matches(LINES) && (last.localName === "pre") !== (name === "pre")) last = turned(last, name);
    // Entries of a list that are below the line stay entries.
    const end = first.matches("li") ? -1 : [...last.childNodes].findIndex(isBlock);
    const joins = [...last.childNodes].slice(0, end < 0 ? undefined : end);
    const before = first.contains(last) ? last : [...first.childNodes].find(isBlock) ?? null;
    for (const one of joins) first.insertBefore(one, first.contains(before) && before?.parentNode === first ? before : null);
    for (let gone = last; gone !== root && !gone.childNodes.length;) {
      const parent = gone.parentNode;
      gone.remove();
      gone = parent;
    }
  }
  const line = first ?? root.firstElementChild;
  for (const held of line?.querySelectorAll("br") ?? []) if (line.textContent && !held.nextSibling) held.remove();
  if (line && !line.textContent && !line.querySelector("br, img")) line.replaceChildren(document.createElement("br"));
  if (place[0].isConnected && place[0] instanceof Text) caret(place[0], Math.min(place[1], place[0].length));
  else if (line) caret(line, 0);
}

/** Put a fragment where the caret is: letters into the line, blocks between its two halves. */
export function insert(root, fragment) {
  if (!rangeIn(root).collapsed) erase(root, rangeIn(root));
  const range = rangeIn(root);
  for (const item of fragment.querySelectorAll("li")) {
    const inside = [...item.children].filter((one) => one.localName === "p");
    if (inside.length === 1) inside[0].replaceWith(...inside[0].childNodes);
  }
  const only = fragment.childNodes.length === 1 && fragment.firstChild;
  if (only && only.matches?.("p")) fragment.replaceChildren(...only.childNodes);
  const last = fragment.lastChild;
  if (!last) return;
  if (![...fragment.children].some(isBlock)) {
    const line = around(root, `${LINES}, li`);
    if (line && isEmpty(line)) line.replaceChildren(fragment); // without the end of a line that held it open
    else range.insertNode(fragment);
    caret(last.parentNode, [...last.parentNode.childNodes].indexOf(last) + 1);
    return;
  }
  const top = topOf(root, range.startContainer);
  const blocks = inBlocks(fragment);
  const end = blocks.lastChild;
  if (!top) range.insertNode(blocks);
  else {
    const behind = document.createRange();
    behind.setStart(range.startContainer, range.startOffset);
    behind.setEndAfter(top);
    const rest = behind.extractContents();
    top.after(blocks, ...(isEmpty(rest) ? [] : [rest]));
    if (isEmpty(top)) top.remove();
  }
  getSelection().selectAllChildren(end);
  getSelection().collapseToEnd();
}

/** Begin a new line where browsers would do it badly; true where that was done. `isSoft` is for one within a block. */
export function enter(root, isSoft) {
  if (!rangeIn(root)) return false;
  if (!rangeIn(root).collapsed) erase(root, rangeIn(root));
  const range = rangeIn(root);
  const pre = around(root, "pre");
  if (pre) {
    const behind = document.createRange();
    behind.selectNodeContents(pre);
    behind.setStart(range.startContainer, range.startOffset);
    const isAtEnd = !behind.toString().trim();
    if (isAtEnd && /\n$|^$/.test(pre.textContent)) {
      const line = newLine(pre);
      pre.normalize();
      if (pre.lastChild instanceof Text) pre.lastChild.data = pre.lastChild.data.replace(/\n+$/, "");
      if (!pre.textContent) pre.remove();
      caret(line, 0);
    } else {
      // The last end of a line is not seen by itself.
      const text = document.createTextNode(isAtEnd && !/\n$/.test(pre.textContent) ? "\n\n" : "\n");
      range.insertNode(text);
      caret(text, 1);
    }
    return true;
  }
  if (isSoft || !around(root, `${LINES}, li`)) {
    // A browser that keeps spaces writes the sign of a line's end here, which no other page shows.
    const end = document.createElement("br");
    range.insertNode(end);
    if (!end.nextSibling || (!end.nextSibling.nextSibling && !end.nextSibling.textContent && end.nextSibling.localName !== "br")) end.after(document.createElement("br"));
    caret(end.parentNode, [...end.parentNode.childNodes].indexOf(end) + 1);
    return true;
  }
  const line = around(root, "blockquote > p:last-child");
  if (!line || line.textContent) return false;
  const made = newLine(line.parentNode);
  if (line.parentNode.children.length === 1) line.parentNode.remove();
  else line.remove();
  caret(made, 0);
  return true;
}

function newLine(block) {
  const made = document.createElement("p");
  made.append(document.createElement("br"));
  block.after(made);
  return made;
}
