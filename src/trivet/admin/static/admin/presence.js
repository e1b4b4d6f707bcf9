// Who else has this row open. `data-presence` is a channel on which nothing is said but who is there.

const here = trivetAdmin.find("[data-presence]");

/** Name the others, each once; the line is not there while one is alone. */
function tell(members) {
  const others = members.filter((one) => one.key !== here.dataset.me).map((one) => one.info.name);
  here.hidden = !others.length;
  trivetAdmin.find("span", here).textContent = here.dataset.says.replace("%s", others.sort().join(", "));
}

if (here) {
  const { connect } = await import(here.dataset.client);
  connect().subscribe(here.dataset.presence, { members: tell });
}
