// What in a form depends on something else: fields that are asked for in some cases alone, rows that
// may not be changed, and rows of other models that were made in another window.

/** What stands in the inputs of a name, as the server compares it. */
function standing(form, name) {
  return [...form.elements]
    .filter((one) => one.name === name && (!one.matches("[type=checkbox], [type=radio]") || one.checked))
    .map((one) => one.value.trim());
}

/** Hide what is not asked for; a hidden field is not sent, and keeps nobody from saving. */
function conditions(form) {
  const fields = [...form.querySelectorAll("[data-shown-when]")];
  const look = () => fields.forEach((input) => {
    const found = standing(form, input.dataset.shownWhen);
    const wanted = input.dataset.shownIs.split("|");
    const isAsked = (found.length ? found : [""]).some((one) => wanted.includes(one));
    const box = input.closest(".form-field") ?? input;
    box.hidden = !isAsked;
    for (const one of box.querySelectorAll("input, select, textarea")) one.disabled = !isAsked;
  });
  if (!fields.length) return;
  form.addEventListener("input", look);
  form.addEventListener("change", look);
  look();
}

/** A row that may not be changed cannot be picked anew either; what is sent for it is not taken. */
function locks(form) {
  for (const input of form.querySelectorAll("select[data-locked], input[type=checkbox][data-locked]")) {
    input.addEventListener("pointerdown", (event) => event.preventDefault());
    input.addEventListener("keydown", (event) => { if (event.key !== "Tab") event.preventDefault(); });
    input.setAttribute("aria-disabled", "true");
  }
}

/** A window in which a row was made tells the one that asked for it, which takes the row. */
function makes(form) {
  const channel = new BroadcastChannel("admin-made");
  const inputsOf = (name) => [...form.elements].filter((one) => one.name === name);
  const several = (name) => form.querySelector(`[data-picker-name="${CSS.escape(name)}"]`);
  channel.addEventListener("message", ({ data }) => {
    if (data.form !== location.pathname || !data.field) return;
    const place = several(data.field);
    const input = place ?? inputsOf(data.field)[0];
    if (!input || (!place && input.value === data.value)) return;
    if (place) place.dispatchEvent(new CustomEvent("restored", { detail: { ...data, isChosen: true } }));
    else {
      input.value = data.value;
      input.dataset.label = data.label;
      input.dispatchEvent(new Event("restored"));
    }
    input.dispatchEvent(new Event("input", { bubbles: true }));
    channel.postMessage({ taken: data.value, form: data.form });
  });
  // The server says by the address which field it has put a new row into.
  const name = new URLSearchParams(location.search).get("_made");
  const input = name && inputsOf(name).at(-1); // of several, the new one is the last
  if (!input) return;
  const label = several(name) ? input.closest(".picked")?.textContent : input.dataset.label;
  channel.addEventListener("message", ({ data }) => {
    if (data.taken === input.value && data.form === location.pathname) close();
  });
  channel.postMessage({ form: location.pathname, field: name, value: input.value, label });
}

for (const form of document.querySelectorAll("form[data-guard]")) {
  conditions(form);
  locks(form);
  makes(form);
}
