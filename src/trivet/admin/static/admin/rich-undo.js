// Taking back what was done in one element. A browser forgets its own list as soon as a script changes something, and has
// one for all inputs of a page: here every change of the document is written down, and turned around in its order.

import { placeIn, putBack } from "./rich-places.js";

const PAUSE = 1000; // milliseconds, after which what is typed is a step of its own
const MOST = 300; // steps

/** Turn one change around. */
function reverse({ type, target, oldValue, attributeName, addedNodes, removedNodes, nextSibling }) {
  if (type === "characterData") target.data = oldValue;
  else if (type === "attributes") {
    if (oldValue === null) target.removeAttribute(attributeName);
    else target.setAttribute(attributeName, oldValue);
  } else {
    for (const node of addedNodes) node.remove();
    for (const node of removedNodes) target.insertBefore(node, nextSibling?.parentNode === target ? nextSibling : null);
  }
}

export class Undo {
  constructor(root) {
    this.root = root;
    this.done = [];
    this.undone = [];
    this.fresh = [];
    this.before = null;
    this.kind = "";
    this.at = 0;
    this.observer = new MutationObserver((records) => this.keep(records));
    this.observer.observe(root, { childList: true, subtree: true, characterData: true, characterDataOldValue: true, attributes: true, attributeOldValue: true });
  }

  /** Begin a step before something is done, unless it goes on with what was done just now. */
  begin(kind = "") {
    this.take();
    const now = performance.now();
    const goesOn = kind && kind === this.kind && now - this.at < PAUSE;
    this.kind = kind;
    this.at = now;
    if (!goesOn) this.before = { place: placeIn(this.root), records: null };
  }

  take() { this.keep(this.observer.takeRecords()); }

  /** Give the elements that came since this was asked last. */
  arrived() {
    this.take();
    const found = this.fresh.flatMap((one) => [one.type === "attributes" ? one.target : null, ...one.addedNodes])
      .filter((one) => one instanceof Element && one !== this.root && this.root.contains(one));
    this.fresh = [];
    return new Set(found);
  }

  keep(records) {
    // What an editor says of itself is no part of its text.
    const kept = records.filter((one) => one.type !== "attributes" || one.target !== this.root);
    if (!kept.length) return;
    this.fresh.push(...kept.filter((one) => one.type !== "characterData"));
    const step = this.before ??= { place: placeIn(this.root), records: null };
    if (!step.records) {
      step.records = [];
      this.done.push(step);
      if (this.done.length > MOST) this.done.shift();
    }
    this.undone = [];
    for (const one of kept) {
      const last = step.records.at(-1);
      // Letters of one word change one text: what it was at first is enough.
      if (!(one.type === "characterData" && last?.type === "characterData" && last.target === one.target)) step.records.push(one);
    }
  }

  undo() { return this.turn(this.done, this.undone); }

  redo() { return this.turn(this.undone, this.done); }

  turn(from, to) {
    this.take();
    this.before = null;
    this.kind = "";
    const step = from.pop();
    if (!step) return false;
    const place = placeIn(this.root);
    step.records.reverse().forEach(reverse);
    to.push({ place, records: this.observer.takeRecords() });
    putBack(this.root, step.place);
    return true;
  }
}
