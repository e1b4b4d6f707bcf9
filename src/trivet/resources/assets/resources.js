"use strict";
// Sends what the forms hold as JSON; the answer is shown as it came.
for (const form of document.querySelectorAll("form.write")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { method, tag, after, question } = form.dataset;
    const output = form.querySelector("output");
    const area = form.querySelector("textarea");
    if (question && !confirm(question)) return;
    const headers = { Accept: "application/json" };
    if (area) headers["Content-Type"] = "application/json";
    if (tag) headers["If-Match"] = tag;
    let answer;
    try {
      answer = await fetch(location.pathname, {
        method, headers, body: area ? area.value : undefined, credentials: "same-origin",
      });
    } catch (error) {
      output.textContent = String(error);
      return;
    }
    if (answer.ok) {
      const made = answer.headers.get("Location");
      location.assign(method === "DELETE" ? after : made || location.href);
      return;
    }
    output.textContent = `${answer.status} ${await answer.text()}`;
  });
}
