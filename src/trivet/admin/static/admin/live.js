// A list that says when rows were changed meanwhile. `data-live` of the list's form is a stream of events; nothing is
// asked again and again, and nothing is loaded before somebody says so.

const { find, made, word } = trivetAdmin;
const form = find("[data-live]");
let number = 0;
let notice = null;

/** Say how many changes there are, in one notice that counts on. */
function tell(more) {
  number += more;
  if (!notice?.isConnected) {
    const show = made("a", { class: "b quiet", href: location.href }, word("show"));
    show.addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
    notice = made("div", { class: "notice info live", role: "status" }, made("p", {}), show,
      made("button", { type: "button", class: "tool", "data-dismiss": true, "aria-label": word("close") }, "×"));
    find("#notices").append(notice);
  }
  find("p", notice).textContent = word("changes", number);
}

/** Listen while the page is looked at; a page that comes back from the browser's memory listens anew. */
function listen() {
  const events = new EventSource(form.dataset.live);
  events.addEventListener("message", (event) => {
    const frame = JSON.parse(event.data);
    if (frame.type === "message") tell(frame.data.number);
    if (frame.type === "error") events.close();
  });
  addEventListener("pagehide", () => events.close(), { once: true });
}

if (form) {
  listen();
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
}
