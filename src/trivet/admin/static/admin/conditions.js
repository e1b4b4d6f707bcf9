// Conditions of a list: what a button or a choice changes is shown without leaving the page. The server draws the form
// as it does without a script; here its new lines are put in place, and the focus stays where somebody is.

const { all, find, tell } = trivetAdmin;
const form = find("#conditions");
let running = null;

/** Give what was typed since the form was asked for: the server does not know of it. */
function meanwhile(said) {
  return all("input:not([type=hidden], [type=checkbox]), textarea", form)
    .filter((one) => one.name && said.has(one.name) && said.get(one.name) !== one.value)
    .map((one) => [one.name, one.value]);
}

/** Ask for the form as it is after a button, and show it. */
async function redraw(button) {
  const said = new URLSearchParams(new FormData(form));
  said.append("do", button);
  const focused = document.activeElement?.id;
  running?.abort();
  const mine = running = new AbortController();
  try {
    const answer = await fetch(`${form.getAttribute("action")}?${said}`, { signal: mine.signal, headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const drawn = page.getElementById("conditions");
    if (!drawn) throw new Error(answer.statusText);
    const typed = button.startsWith("drop") ? [] : meanwhile(said);
    find(".card", form).replaceWith(find(".card", drawn));
    for (const [name, value] of typed) {
      const input = form.elements[name];
      if (input instanceof HTMLElement && input.matches("input, textarea")) input.value = value;
    }
    // The same place, or the new line, or where one would go on.
    (find("[autofocus]", form) ?? (focused && document.getElementById(focused)) ?? find('[value^="add"]', form) ?? find("select", form)).focus();
  } catch (error) {
    if (error.name !== "AbortError") tell("error", form.dataset.problem);
  }
}

form.addEventListener("change", (event) => {
  if (event.target.matches("[data-again]")) redraw("again");
});
form.addEventListener("submit", (event) => {
  const button = event.submitter?.value ?? "show";
  if (button === "show") return;
  event.preventDefault();
  redraw(button);
});
