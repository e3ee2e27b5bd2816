// What a form asks, answered as one types: the page is asked for again, and the parts of it that follow are put in place of the old ones.
"use strict";
for (const form of document.querySelectorAll("form[data-follow]")) {
  const says = form.querySelector("[role=status]");
  let asked = 0, waiting = 0;
  const follow = async () => {
    const turn = ++asked, pairs = [...new FormData(form)].filter(([, value]) => value.trim());
    const address = `${form.getAttribute("action")}?${new URLSearchParams(pairs)}`;
    try {
      const answer = await fetch(address, {headers: {Accept: "text/html"}});
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== asked) return;
      if (!answer.ok) return void (says.textContent = page.querySelector("main .lead")?.textContent ?? "");
      for (const part of document.querySelectorAll("[data-live]")) {
        const made = page.querySelector(`[data-live="${part.dataset.live}"]`);
        if (made) part.replaceChildren(...made.childNodes);
      }
      history.replaceState(null, "", address);
      says.textContent = page.querySelector(".changed")?.textContent ?? "";
    } catch {
      says.textContent = "";
    }
  };
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(follow, 50); });
  form.addEventListener("submit", event => { event.preventDefault(); follow(); });
}
