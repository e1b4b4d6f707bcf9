// The box in which the address of a link is typed. It keeps the focus, Escape leaves it, and what no link may lead to is refused.

import { address } from "./rich-clean.js";

const { find } = trivetAdmin;

/** Ask for an address; gives it, "" for no link, or null where somebody thought better of it. */
export function asked(now) {
  const dialog = document.getElementById("rich-link");
  const input = find("input", dialog);
  const wrong = find(".form-errors", dialog);
  const remove = find("[data-unlink]", dialog);
  const ended = new AbortController();
  const on = (element, name, listener) => element.addEventListener(name, listener, { signal: ended.signal });
  const tell = (isWrong) => {
    wrong.hidden = !isWrong;
    input.setAttribute("aria-invalid", String(isWrong));
  };
  let answer = null;
  input.value = now;
  remove.hidden = !now;
  tell(false);
  dialog.showModal();
  input.select();
  on(input, "input", () => tell(false));
  on(remove, "click", () => { answer = ""; dialog.close(); });
  on(find("[data-cancel]", dialog), "click", () => dialog.close());
  on(find("form", dialog), "submit", (event) => {
    answer = address(input.value);
    if (answer !== null) return;
    event.preventDefault();
    tell(true);
    input.focus();
  });
  return new Promise((resolve) => on(dialog, "close", () => { ended.abort(); resolve(answer); }));
}
