/* Passkeys, for the pages of a site: one file, nothing to build, nothing inline.
 *
 *   import { confirm, register, signIn } from "/auth/passkeys.js";
 *
 *   await register("My telephone");       // somebody is signed in: makes a passkey
 *   await signIn();                       // nobody is: asks for any passkey of this site
 *   await signIn({ autofill: true });     // waits in the list of <input autocomplete="username webauthn">
 *   await signIn({ second: true });       // behind a password
 *   await confirm();                      // proves again who is signed in
 *
 * Each gives what the endpoint answers. Raised are `PasskeyError`, whose `status` and `message` are
 * the answer's, and what the browser raises: `NotAllowedError` where somebody changed their mind.
 */

const here = new URL(".", import.meta.url);

export class PasskeyError extends Error {
  constructor(status, message) {
    super(message);
    this.name = "PasskeyError";
    this.status = status;
  }
}

/** Tell whether this browser has passkeys at all. */
export const isSupported = () => Boolean(globalThis.PublicKeyCredential);

/** Tell whether it shows them in the list of a form's field. */
export const canAutofill = async () =>
  Boolean(await globalThis.PublicKeyCredential?.isConditionalMediationAvailable?.());

export async function register(name = "", { signal, headers } = {}) {
  const options = await post("passkeys/options", {}, headers);
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(toDescriptor),
  };
  const made = await navigator.credentials.create({ publicKey, signal });
  const { response } = made;
  return post("passkeys", { name, credential: { ...toJson(made), response: {
    clientDataJSON: toText(response.clientDataJSON),
    attestationObject: toText(response.attestationObject),
    transports: response.getTransports?.() ?? [],
  } } }, headers);
}

export async function signIn(
  { autofill = false, remember = false, second = false, signal, headers } = {},
) {
  if (autofill && !(await canAutofill())) return null;
  const path = second ? "sign-in/passkey/second" : "sign-in/passkey";
  const more = { signal, headers, mediation: autofill ? "conditional" : undefined };
  for (;;) {
    try {
      return await show(path, () => ({ remember: read(remember) }), more);
    } catch (error) {
      // Pages wait longer than a challenge counts: asked once more, the passkey signs the next one.
      if (!(autofill && error.status === 400)) throw error;
    }
  }
}

export const confirm = ({ signal, headers } = {}) =>
  show("confirm-identity/passkey", () => ({}), { signal, headers });

// A tick that is set while the list waits counts too: `remember` may be a function.
const read = (value) => (typeof value === "function" ? value() : value);

async function show(path, body, { mediation, signal, headers }) {
  const options = await post(`${path}/options`, {}, headers);
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: options.allowCredentials.map(toDescriptor),
  };
  // A time-out would end the waiting of a list that nobody has opened yet.
  if (mediation) delete publicKey.timeout;
  const shown = await navigator.credentials.get({ publicKey, mediation, signal });
  const { response } = shown;
  return post(path, { ...body(), credential: { ...toJson(shown), response: {
    clientDataJSON: toText(response.clientDataJSON),
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: response.userHandle ? toText(response.userHandle) : undefined,
  } } }, headers);
}

async function post(path, body, headers) {
  const answer = await fetch(new URL(path, here), {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const detail = told.detail ?? told.title;
    throw new PasskeyError(answer.status, typeof detail === "string" ? detail : answer.statusText);
  }
  return told;
}

const toJson = (credential) => ({
  id: credential.id,
  rawId: toText(credential.rawId),
  type: credential.type,
  authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
  clientExtensionResults: {},
});

const toDescriptor = (one) => ({ ...one, id: toBytes(one.id) });

function toText(buffer) {
  const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function toBytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}
