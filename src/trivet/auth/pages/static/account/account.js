/* Buttons for passkeys: shown where the browser has them; what they do is in passkeys.js.
 *
 * On the sign-in page passkeys stand in the list of the first field too, until a button is pressed:
 * a browser asks one thing at a time.
 */

let waiting = new AbortController();
const isRemembered = () => Boolean(document.querySelector('input[name="remember"]')?.checked);

const actions = {
  "sign-in": (script) => script.signIn({ remember: isRemembered() }),
  second: (script) => script.signIn({ second: true }),
  confirm: (script) => script.confirm(),
  register: (script, button) =>
    script.register(document.getElementById(button.dataset.name).value),
};

for (const button of document.querySelectorAll("[data-passkey]")) {
  const script = await import(button.dataset.script);
  if (!script.isSupported()) continue;
  button.hidden = false;
  button.closest("[data-passkey-form]")?.removeAttribute("hidden");
  button.addEventListener("click", () => act(button, script));
  if (button.dataset.passkey === "sign-in") offer(button, script);
}

async function act(button, script) {
  button.disabled = true;
  waiting.abort();
  try {
    goOn(button, await actions[button.dataset.passkey](script, button));
  } catch (error) {
    fail(button, error);
    button.disabled = false;
    if (button.dataset.passkey === "sign-in") offer(button, script);
  }
}

async function offer(button, script) {
  waiting = new AbortController();
  const { signal } = waiting;
  try {
    const told = await script.signIn({ autofill: true, remember: isRemembered, signal });
    if (told) goOn(button, told);
  } catch (error) {
    // What nobody has asked for yet is not complained of; a passkey that was refused is.
    if (!signal.aborted && error.name === "PasskeyError" && error.status === 401) fail(button, error);
  }
}

function goOn(button, told) {
  const second = told?.second_factors?.length > 0;
  location.assign(second ? button.dataset.second ?? button.dataset.next : button.dataset.next);
}

function fail(button, error) {
  tell(button, error.name === "PasskeyError" ? error.message : button.dataset.failed);
}

function tell(button, text) {
  let place = button.nextElementSibling;
  if (!place?.matches("[data-passkey-told]")) {
    place = document.createElement("p");
    place.dataset.passkeyTold = "";
    place.className = "account-notice account-wrong";
    place.setAttribute("role", "alert");
    button.after(place);
  }
  place.textContent = text;
}
