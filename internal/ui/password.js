// The page that a link for choosing a password leads to. The link's secret is behind the #: browsers send that to nobody, so it is
// in no log of a server or a proxy.
"use strict";

const at = (id) => document.getElementById(id);
const secret = location.hash.slice(1);

async function ask(path, body) {
  const answer = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), credentials: "omit", referrerPolicy: "no-referrer",
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return said;
}

function wrong(text) {
  at("wrong").textContent = text;
}

async function begin() {
  if (!secret) {
    at("about").textContent = "";
    wrong("The address has no link behind the #. Open the link as it was given to you.");
    return;
  }
  try {
    const link = await ask("/agent/v1/link", { link: secret });
    const ends = new Date(link.expires * 1000).toLocaleString();
    at("about").textContent = `For the user ${link.username} of ${link.instance.alias || link.instance.id}. The link can be used once, until ${ends}.`;
    at("username").value = link.username;
    at("form").hidden = false;
    at("password").focus();
  } catch (e) {
    at("about").textContent = "";
    wrong(e.message);
  }
}

at("show").addEventListener("change", () => {
  for (const id of ["password", "again"]) at(id).type = at("show").checked ? "text" : "password";
});

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong("");
  if (at("password").value !== at("again").value) {
    wrong("The two passwords differ.");
    at("again").focus();
    return;
  }
  at("send").disabled = true;
  try {
    await ask("/agent/v1/link/password", { link: secret, password: at("password").value });
    history.replaceState(null, "", location.pathname);
    at("form").remove();
    at("about").textContent = "";
    at("done").textContent = "The password is set. You can sign in with it now, and close this page.";
  } catch (e) {
    wrong(e.message);
    at("password").focus();
  } finally {
    if (at("send")) at("send").disabled = false;
  }
});

begin();
