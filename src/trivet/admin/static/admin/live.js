// A list that says when rows were changed meanwhile. `data-live` of the list's form is a channel; nothing is asked again
// and again, and nothing is loaded before somebody says so.

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

if (form) {
  const { connect } = await import(form.dataset.client);
  // A page that comes back from the browser's memory connects again by itself.
  connect().subscribe(form.dataset.live, { message: (data) => tell(data.number) });
}
