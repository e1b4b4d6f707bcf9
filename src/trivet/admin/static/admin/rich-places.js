// Where one is in rich text: what is selected, and the lines and blocks in which that is.

import { isBlock } from "./rich-clean.js";

export const LINES = "p, h1, h2, h3, h4, h5, h6, pre";
export const HOLDERS = `${LINES}, li, dt, dd, td, th, blockquote`; // whatever letters stand in

/** Give what is selected of an editor, or null. */
export function rangeIn(root) {
  const found = getSelection();
  const range = found.rangeCount ? found.getRangeAt(0) : null;
  return range && root.contains(range.commonAncestorContainer) ? range : null;
}

export function select(range) {
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

export function caret(node, offset) {
  getSelection().collapse(node, offset);
}

/** Give the element of a kind that what is selected begins in, or null. */
export function around(root, selector) {
  const range = rangeIn(root);
  if (!range) return null;
  const node = range.startContainer.childNodes[range.startOffset] ?? range.startContainer;
  const found = (node instanceof Element ? node : node.parentElement)?.closest(selector);
  return found && found !== root && root.contains(found) ? found : null;
}

/** Give the letter, or what stands like one, that is at a place: elements around it may be replaced, it is kept. */
export function leafAt(node, offset) {
  if (node.nodeType === Node.TEXT_NODE) return [node, offset];
  const isEnd = offset >= node.childNodes.length && offset > 0;
  let found = isEnd ? node.lastChild : node.childNodes[offset] ?? node;
  while (found.firstChild) found = isEnd ? found.lastChild : found.firstChild;
  const isAfter = isEnd && found.localName !== "br";
  return [found, !isAfter ? 0 : found.nodeType === Node.TEXT_NODE ? found.length : 1];
}

/** Where the selection is, from one end to the other; null where it is elsewhere. */
export function placeIn(root) {
  const found = getSelection();
  if (!found.rangeCount || !root.contains(found.anchorNode)) return null;
  return [leafAt(found.anchorNode, found.anchorOffset), leafAt(found.focusNode, found.focusOffset)];
}

/** Select what was selected, as far as it is still there. */
export function putBack(root, place) {
  if (!place?.every(([node]) => root.contains(node))) return;
  const found = place.flatMap(([node, offset]) => {
    if (node.nodeType === Node.TEXT_NODE) return [node, Math.min(offset, node.length)];
    if (node === root || node.nodeType === Node.ELEMENT_NODE && !/^(?:br|img|hr)$/.test(node.localName)) return [node, 0];
    return [node.parentNode, [...node.parentNode.childNodes].indexOf(node) + offset];
  });
  getSelection().setBaseAndExtent(...found);
}

/** Do something with the document that leaves the selection where it is. */
export function keepingPlace(root, act) {
  const place = placeIn(root);
  act();
  putBack(root, place);
}

export const topOf = (root, node) => {
  let found = node;
  while (found && found.parentNode !== root) found = found.parentNode;
  return found;
};

function firstOf(node) {
  let found = node;
  while (found.firstChild) found = found.firstChild;
  return found;
}

export function lastOf(node) {
  let found = node;
  while (found.lastChild) found = found.lastChild;
  return found;
}

/** Give a range of blocks as one that begins and ends within them. */
export function inner(root, range) {
  const made = document.createRange();
  const children = root.childNodes;
  made.setStart(firstOf(children[Math.min(range.startOffset, children.length - 1)]), 0);
  if (range.endContainer === root) made.setEndAfter(lastOf(children[Math.max(range.endOffset - 1, 0)]));
  else made.setEnd(range.endContainer, range.endOffset);
  return made;
}

/** Give the blocks right below the editor in which something is selected. */
export function tops(root, range) {
  if (range.startContainer === root) select(range = inner(root, range));
  const found = [];
  const last = topOf(root, range.endContainer) ?? root.lastChild;
  for (let one = topOf(root, range.startContainer) ?? root.firstChild; one; one = one.nextElementSibling) {
    found.push(one);
    if (one === last) break;
  }
  // A selection of whole lines ends before the first letter of the next one.
  const isBefore = found.length > 1 && range.endOffset === 0 && range.endContainer === firstOf(last);
  return isBefore ? found.slice(0, -1) : found;
}

/** Give the lines in which something is selected: paragraphs, headings, and what holds letters without them. */
export function lines(root, range) {
  return tops(root, range).flatMap((top) => {
    const below = [...top.querySelectorAll(HOLDERS)];
    return [top, ...below].filter((one) => range.intersectsNode(one) && ![...one.children].some(isBlock) && one.matches(HOLDERS));
  });
}

export const lineOf = (root, node) => {
  const found = (node instanceof Element ? node : node.parentElement).closest(HOLDERS);
  return root.contains(found) && found !== root ? found : null;
};

/** Tell whether a range goes from one line into another, within what can be joined. */
export function isAcross(root, range) {
  const [first, last] = [lineOf(root, range.startContainer), lineOf(root, range.endContainer)];
  return first !== last && !first?.matches("td, th") && !last?.matches("td, th");
}
