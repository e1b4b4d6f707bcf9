// Adds and removes rows on the page. Without it the same buttons ask the server.
(() => {
  "use strict";
  const rowsOf = (box) => [...box.children].filter((one) => one.classList.contains("form-row"));

  const numbered = (text, sign, number) => text.split(sign).join(number);

  function copied(template, sign, number) {
    const row = template.content.cloneNode(true);
    const walk = (root) => {
      for (const one of root.querySelectorAll("*")) {
        for (const attribute of [...one.attributes]) {
          if (attribute.value.includes(sign)) attribute.value = numbered(attribute.value, sign, number);
        }
        if (one instanceof HTMLTemplateElement) walk(one.content);
      }
    };
    walk(row);
    return row;
  }

  function add(box) {
    const template = [...box.children].find((one) => one instanceof HTMLTemplateElement);
    const rows = rowsOf(box);
    if (!template || rows.length >= Number(box.dataset.formMost)) return;
    // Never a number that is in use: the server counts anew.
    const numbers = rows.map((row) => Number(row.querySelector(":scope > .form-remove").value));
    const number = Math.max(-1, ...numbers) + 1;
    template.before(copied(template, box.dataset.formSign, number));
    template.previousElementSibling.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".form-add, .form-remove");
    const box = button?.closest("[data-form-rows]");
    if (!box) return;
    event.preventDefault();
    if (button.classList.contains("form-add")) {
      add(box);
    } else {
      const row = button.closest(".form-row");
      const next = row.nextElementSibling;
      row.remove();
      (next?.matches(".form-row") ? next.querySelector("input:not([type=hidden]), select, textarea, button")
        : box.querySelector(":scope > .form-add"))?.focus();
    }
    box.querySelector(":scope > .form-add").hidden = rowsOf(box).length >= Number(box.dataset.formMost);
  });
})();
