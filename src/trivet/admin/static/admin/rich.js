// The editor of rich text: it stands before the textarea, which stays what is sent, and is all there is without a script.
// What the buttons are called is in rich.html, what they do in rich-marks.js and rich-blocks.js, what may stay in rich-clean.js.

import { act } from "./rich-blocks.js";
import { cleaned, inBlocks, lettersOnly, paragraphs, tidied, written } from "./rich-clean.js";
import { asked } from "./rich-link.js";
import { link, pressed, unlink } from "./rich-marks.js";
import { around, isAcross, keepingPlace, rangeIn, select } from "./rich-places.js";
import { Undo } from "./rich-undo.js";
import { enter, erase, insert } from "./rich-writing.js";

const { all, find } = trivetAdmin;
const PAUSE = 200; // milliseconds without a key, after which the textarea is written
const KEYS = { b: "bold", i: "italic", u: "underline", k: "link", z: "undo", y: "redo" };
const template = document.getElementById("rich");

class Editor {
  constructor(area) {
    this.area = area;
    this.box = template.content.querySelector(".rich").cloneNode(true);
    this.root = find(".rich-text", this.box);
    this.bar = find(".rich-bar", this.box);
    this.tools = all("button", this.bar);
    this.isSource = false;
    this.timer = 0;
    this.name();
    area.before(this.box);
    this.read();
    this.undo = new Undo(this.root);
    this.show();
    this.listen();
    if (area.readOnly) this.lock();
    else this.listenToBar();
  }

  /** An editor is called what its field is called, and has what is said about it. */
  name() {
    const { area, root, bar } = this;
    const label = area.labels[0];
    root.id = `${area.id}-rich`;
    bar.setAttribute("aria-controls", root.id);
    if (label) root.setAttribute("aria-labelledby", label.id ||= `${area.id}-label`);
    for (const name of ["aria-describedby", "aria-invalid", "lang", "dir"]) {
      if (area.hasAttribute(name)) root.setAttribute(name, area.getAttribute(name));
    }
    if (area.required) root.setAttribute("aria-required", "true");
  }

  lock() {
    this.bar.remove();
    this.root.contentEditable = "false";
    this.root.tabIndex = 0;
    this.root.setAttribute("aria-readonly", "true");
  }

  // -- between the editor and the textarea -------------------------------------------------------

  read() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.given = this.area.value;
    this.root.replaceChildren(inBlocks(cleaned(this.given)));
    if (!this.root.hasChildNodes()) this.root.append(inBlocks(paragraphs("")));
    this.asGiven = written(this.root);
  }

  /** Write what stands in the editor; text that nobody changed stays as it was given, to the letter. */
  write() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    const text = written(this.root);
    const value = text === this.asGiven ? this.given : text;
    if (value === this.area.value) return;
    this.area.value = value;
    this.isWriting = true;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
    this.isWriting = false;
    if (this.area.validity.valid) this.complain("");
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), PAUSE);
  }

  /** After every change: nothing stays that is not to stay, and it is written down soon. */
  changed() {
    const arrived = this.undo.arrived();
    const odd = [...arrived].filter((one) => one.isConnected);
    if (odd.length) keepingPlace(this.root, () => { for (const one of odd) if (one.isConnected) tidied(one); });
    if (!this.root.firstElementChild) {
      this.root.replaceChildren(inBlocks(paragraphs(this.root.textContent)));
      getSelection().selectAllChildren(this.root.firstChild);
      getSelection().collapseToEnd();
    }
    this.undo.take();
    this.undo.fresh = [];
    this.later();
    this.show();
  }

  /** Say what is wrong at the editor: the textarea's own word could not be seen. */
  complain(text) {
    const id = `${this.root.id}-wrong`;
    document.getElementById(id)?.remove();
    this.root.setAttribute("aria-invalid", String(Boolean(text)));
    if (!text) return;
    const told = trivetAdmin.made("p", { class: "form-errors", id, role: "alert" }, text);
    this.area.after(told);
    this.root.setAttribute("aria-errormessage", id);
  }

  // -- what a person does ------------------------------------------------------------------------

  focus() {
    if (this.isSource) return this.area.focus();
    const range = rangeIn(this.root) ?? this.range;
    this.root.focus();
    return range?.startContainer.isConnected && select(range);
  }

  /** Do what a tool is for, in a step of its own, and go on in the text. */
  does(name) {
    if (name === "source") return this.turn();
    if (this.isSource) return undefined;
    this.focus();
    if (!rangeIn(this.root)) {
      getSelection().selectAllChildren(this.root.lastElementChild);
      getSelection().collapseToEnd();
    }
    if (name === "link") return this.link();
    if (name === "undo" || name === "redo") this.undo[name]();
    else {
      this.undo.begin();
      act(this.root, name);
    }
    return this.changed();
  }

  async link() {
    const range = rangeIn(this.root).cloneRange(); // the box gives the focus back, and not what was selected
    const answer = await asked(around(this.root, "a")?.getAttribute("href") ?? "");
    this.root.focus();
    select(range);
    if (answer === null) return;
    this.undo.begin();
    if (answer) link(this.root, answer);
    else unlink(this.root);
    this.changed();
  }

  paste(data) {
    const html = data.getData("text/html");
    const text = data.getData("text/plain");
    if (!html && !text) return;
    this.undo.begin();
    insert(this.root, around(this.root, "pre") ? lettersOnly(text) : html ? cleaned(html) : paragraphs(text));
    this.changed();
  }

  /** From the text to its HTML, and back. */
  turn() {
    this.write();
    this.isSource = !this.isSource;
    if (!this.isSource && this.area.value !== this.given) {
      this.undo.begin();
      this.read();
    }
    this.show();
    this.focus();
  }

  /** Show what is pressed, and which of the two is seen. */
  show() {
    const { area, root, isSource } = this;
    root.hidden = isSource;
    area.classList.toggle("vh", !isSource);
    area.tabIndex = isSource ? 0 : -1;
    if (isSource) area.removeAttribute("aria-hidden");
    else area.setAttribute("aria-hidden", "true");
    const found = isSource ? new Set(["source"]) : this.range ? pressed(root) : new Set();
    for (const tool of this.tools) {
      const { does } = tool.dataset;
      if (tool.hasAttribute("aria-pressed")) tool.setAttribute("aria-pressed", String(found.has(does)));
      const isOff = (isSource && does !== "source") || (does === "undo" && !this.undo.done.length) || (does === "redo" && !this.undo.undone.length);
      tool.setAttribute("aria-disabled", String(isOff));
    }
  }

  // -- listening ---------------------------------------------------------------------------------

  listen() {
    const { area, root } = this;
    const form = area.form;
    // A label, a summary of what is wrong, a shortcut lead to the field, which is the textarea.
    area.addEventListener("focus", () => { if (!this.isSource) this.focus(); });
    if (document.activeElement === area) this.focus();
    for (const name of ["input", "restored"]) {
      area.addEventListener(name, () => {
        if (this.isWriting || this.isSource) return;
        this.undo.begin();
        this.read();
        this.show();
      });
    }
    area.addEventListener("invalid", (event) => {
      if (this.isSource) return;
      event.preventDefault();
      this.complain(area.validationMessage);
      if (find(":is(input, select, textarea):invalid", form) === area) this.focus();
    });
    // Whatever sends the form, or asks what stands in it, finds all that was typed.
    for (const name of ["click", "submit"]) form?.addEventListener(name, () => this.write(), true);
    addEventListener("beforeunload", () => this.write(), true);
    root.addEventListener("focusout", () => this.write());
    root.addEventListener("beforeinput", (event) => this.before(event));
    root.addEventListener("input", (event) => {
      event.stopPropagation(); // the form is told when the textarea is written: that may take a moment in long texts
      if (!event.isComposing) this.changed();
    });
    root.addEventListener("compositionend", () => this.changed());
    root.addEventListener("paste", (event) => { event.preventDefault(); this.paste(event.clipboardData); });
    root.addEventListener("keydown", (event) => this.key(event));
    root.addEventListener("click", (event) => { if (event.target.closest("a")) event.preventDefault(); });
    document.addEventListener("selectionchange", () => {
      const range = rangeIn(root);
      if (!range || this.isSource) return;
      this.range = range.cloneRange();
      cancelAnimationFrame(this.frame);
      this.frame = requestAnimationFrame(() => this.show());
    });
  }

  before(event) {
    const { inputType, dataTransfer } = event;
    if (/^insert(?:Text|CompositionText|ReplacementText)/.test(inputType)) {
      const range = rangeIn(this.root);
      if (!range || !isAcross(this.root, range)) return this.undo.begin(range?.collapsed || event.isComposing ? inputType : "");
      this.undo.begin();
      return erase(this.root, range);
    }
    if (inputType === "historyUndo" || inputType === "historyRedo") {
      event.preventDefault();
      this.does(inputType === "historyUndo" ? "undo" : "redo");
    } else if (/^insertFrom(?:Drop|Paste|Yank)/.test(inputType) && dataTransfer) {
      event.preventDefault();
      const [where] = event.getTargetRanges();
      if (where) getSelection().setBaseAndExtent(where.startContainer, where.startOffset, where.endContainer, where.endOffset);
      this.paste(dataTransfer);
    } else if (inputType === "insertParagraph" || inputType === "insertLineBreak") {
      this.undo.begin();
      if (!enter(this.root, inputType === "insertLineBreak")) return;
      event.preventDefault();
      this.changed();
    } else if (this.erases(event)) event.preventDefault();
    else this.undo.begin(inputType.startsWith("delete") ? inputType : "");
    return undefined;
  }

  /** Join lines: a browser does it slowly, and with styles that keep the looks of both. */
  erases(event) {
    const [where] = event.inputType.startsWith("delete") ? event.getTargetRanges() : [];
    if (!where || !event.cancelable || !isAcross(this.root, where)) return false;
    const range = document.createRange();
    range.setStart(where.startContainer, where.startOffset);
    range.setEnd(where.endContainer, where.endOffset);
    if (!this.root.contains(range.commonAncestorContainer)) return false;
    this.undo.begin();
    erase(this.root, range);
    this.changed();
    return true;
  }

  key(event) {
    if (event.isComposing) return;
    const isMain = (event.ctrlKey || event.metaKey) && !event.altKey;
    const key = event.key.toLowerCase();
    const name = isMain && event.shiftKey ? (key === "z" ? "redo" : "") : isMain ? KEYS[key] : "";
    if (name) {
      event.preventDefault();
      this.does(name);
    } else if (event.key === "F10" && event.altKey) {
      event.preventDefault();
      find("[tabindex='0']", this.bar).focus();
    }
  }

  /** One tool is in the order of Tab; the arrows go through them all. */
  listenToBar() {
    const { bar, tools } = this;
    tools[0].tabIndex = 0;
    const go = (to) => {
      for (const tool of tools) tool.tabIndex = tool === to ? 0 : -1;
      to.focus();
    };
    // A tool that is clicked does not take the selection away.
    bar.addEventListener("mousedown", (event) => event.preventDefault());
    bar.addEventListener("click", (event) => {
      const tool = event.target.closest("button");
      if (!tool || tool.getAttribute("aria-disabled") === "true") return;
      for (const one of tools) one.tabIndex = one === tool ? 0 : -1;
      this.does(tool.dataset.does);
    });
    bar.addEventListener("keydown", (event) => {
      const at = tools.indexOf(document.activeElement);
      const step = document.documentElement.dir === "rtl" ? -1 : 1;
      const to = { ArrowRight: at + step, ArrowLeft: at - step, Home: 0, End: tools.length - 1 }[event.key];
      if (event.key === "Escape") this.focus();
      else if (at < 0 || to === undefined) return;
      else go(tools[(to + tools.length) % tools.length]);
      event.preventDefault();
    });
  }
}

const seen = new WeakSet();

function enhance(below) {
  for (const area of all('textarea[data-kind="html"]', below)) {
    if (seen.has(area)) continue; // a row that is only moved
    seen.add(area);
    new Editor(area);
  }
}

document.execCommand("defaultParagraphSeparator", false, "p");
document.execCommand("styleWithCSS", false, false);
enhance(document);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node instanceof HTMLElement && node.matches(".form-row")) enhance(node);
  }
}).observe(find("main"), { childList: true, subtree: true });
