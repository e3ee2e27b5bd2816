// Search as one types: what the page of the search would show first. Without this file the form works as it is.
"use strict";
for (const box of document.querySelectorAll("input[data-suggest]")) {
  const place = document.getElementById(box.dataset.suggest);
  let asked = 0, waiting = 0;
  const show = async () => {
    const words = box.value.trim(), turn = ++asked;
    if (words.length < 2) return place.replaceChildren();
    try {
      const page = await (await fetch(`${box.form.getAttribute("action")}?q=${encodeURIComponent(words)}`)).text();
      if (turn !== asked) return;
      const list = document.createElement("ul");
      // of each kind those that come first
      for (const part of new DOMParser().parseFromString(page, "text/html").querySelectorAll("#index ul"))
        list.append(...[...part.children].slice(0, 4));
      place.replaceChildren(list.children.length ? list : "Nothing by that name.");
    } catch {
      place.replaceChildren();
    }
  };
  box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 150); });
  // the arrows go through what is found and back to the box, Escape leaves it
  box.form.addEventListener("keydown", event => {
    const links = [box, ...place.querySelectorAll("a")], step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { ++asked; clearTimeout(waiting); place.replaceChildren(); box.focus(); }
    if (!step || links.length < 2 || !links.includes(document.activeElement)) return;
    event.preventDefault();
    links[(links.indexOf(document.activeElement) + step + links.length) % links.length].focus();
  });
}

// An index that is narrowed as one types: of a site of files, which has no server to ask.
for (const box of document.querySelectorAll("input[data-narrow]")) {
  const items = [...document.querySelectorAll(`#${box.dataset.narrow} li`)].map(item => [item, item.textContent.toLowerCase()]);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [item, text] of items) item.hidden = !words.every(word => text.includes(word));
  });
}
