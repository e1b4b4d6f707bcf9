// Marks of letters in rich text: bold, links and their like. It is done here, and not by the browser's own commands: those
// differ, and write styles into elements, which the policy of the page forbids. They say alone how the next letter will be.

import { around, caret, HOLDERS, keepingPlace, lines, LINES, rangeIn, tops } from "./rich-places.js";

const LETTERS = { bold: ["b", "strong"], italic: ["i", "em"], underline: ["u", "ins"], strikeThrough: ["s", "del"] };
const MARKS = [...Object.values(LETTERS).flat(), "code", "kbd", "mark", "small", "sub", "sup", "q"];

/** Tell which tools are pressed where the caret is. */
export function pressed(root) {
  const range = rangeIn(root);
  const found = new Set(Object.keys(LETTERS).filter((one) => (range?.collapsed ? document.queryCommandState(one) : around(root, LETTERS[one].join()))));
  const line = around(root, `${LINES}, li`);
  if (line?.matches("p, h2, h3")) found.add(line.localName);
  const list = around(root, "ul, ol");
  if (list) found.add(list.localName);
  if (around(root, "blockquote")) found.add("quote");
  if (around(root, "code, pre")) found.add("code");
  if (around(root, "a")) found.add("link");
  return found;
}

/** Give the texts that are selected, cut at both ends. */
function texts(root, range) {
  const { startContainer: first, startOffset, endContainer: last, endOffset } = range;
  if (last instanceof Text) last.splitText(endOffset);
  const start = first instanceof Text ? first.splitText(startOffset) : null;
  const walker = document.createTreeWalker(range.commonAncestorContainer, NodeFilter.SHOW_TEXT);
  const found = [];
  const area = document.createRange();
  if (start) area.setStart(start, 0);
  else area.setStart(first, startOffset);
  if (last instanceof Text) area.setEnd(last === first ? start : last, last === first ? start.length : last.length);
  else area.setEnd(last, endOffset);
  for (let one = walker.currentNode; one; one = walker.nextNode()) {
    if (!(one instanceof Text) || !one.data || !area.intersectsNode(one)) continue;
    if (area.comparePoint(one, 0) === 0 && area.comparePoint(one, one.length) === 0 && one.parentElement.closest(HOLDERS)) found.push(one);
  }
  return found;
}

/** Take a mark from one text: what else has it is cut off before and behind. */
function unmarked(root, text, names) {
  for (let mark; (mark = text.parentElement.closest(names.join())) && root.contains(mark);) {
    const before = document.createRange();
    before.setStartBefore(mark.firstChild);
    before.setEndBefore(text);
    const behind = document.createRange();
    behind.setStartAfter(text);
    behind.setEndAfter(mark.lastChild);
    for (const [range, place] of [[behind, "after"], [before, "before"]]) {
      const cut = range.extractContents();
      if (!cut.textContent) continue;
      const kept = mark.cloneNode(false);
      kept.append(cut);
      mark[place](kept);
    }
    mark.replaceWith(...mark.childNodes);
  }
}

/** Let a mark go on from the one before it. */
function joined(mark) {
  const before = mark.previousSibling;
  if (before?.localName !== mark.localName) return;
  before.append(...mark.childNodes);
  mark.remove();
}

/** Mark one text, with the one before it where that has the same mark. */
function marked(text, name) {
  let node = text;
  while (node.parentNode.childNodes.length === 1 && !node.parentNode.matches(HOLDERS)) node = node.parentNode;
  const before = node.previousSibling;
  if (before?.localName === name) return before.append(node);
  const made = document.createElement(name);
  node.before(made);
  return made.append(node);
}

/** Mark all letters that are selected, or none of them where all are marked. */
export function letters(root, does) {
  const range = rangeIn(root);
  if (range.collapsed) return document.execCommand(does);
  const names = LETTERS[does];
  const found = texts(root, range);
  if (!found.length) return false;
  const isWhole = found.every((one) => root.contains(one.parentElement.closest(names.join())));
  for (const one of found) {
    if (isWhole) unmarked(root, one, names);
    else if (!root.contains(one.parentElement.closest(names.join()))) marked(one, names[0]);
    else joined(one.parentElement.closest(names.join()));
  }
  return getSelection().setBaseAndExtent(found[0], 0, found.at(-1), found.at(-1).length);
}

/** Let what is selected lead somewhere; without a selection the address itself is what one reads. */
export function link(root, address) {
  const there = around(root, "a");
  if (there) there.setAttribute("href", address);
  else if (rangeIn(root).collapsed) {
    const made = document.createElement("a");
    made.href = address;
    made.textContent = address.replace(/^mailto:/, "");
    const rest = document.createTextNode(" ");
    rangeIn(root).insertNode(made);
    made.after(rest);
    caret(rest, 1);
  } else document.execCommand("createLink", false, address);
}

export function unlink(root) {
  const range = rangeIn(root);
  const found = new Set([around(root, "a"), ...tops(root, range).flatMap((one) => [...one.querySelectorAll("a")]).filter((one) => range.intersectsNode(one))]);
  found.delete(null);
  keepingPlace(root, () => { for (const one of found) one.replaceWith(...one.childNodes); });
}

/** Clear what the letters have, and headings; of the whole line where nothing is selected. */
export function clear(root) {
  const range = rangeIn(root);
  const all = range.cloneRange();
  const [first] = lines(root, range);
  if (range.collapsed && first) all.selectNodeContents(first);
  keepingPlace(root, () => { for (const one of texts(root, all)) unmarked(root, one, MARKS); });
}

export const isMark = (does) => Object.hasOwn(LETTERS, does);
