// Search as one types: asks the API of this server, and links to what it finds. Without this file the form works as it is.
"use strict";
for (const box of document.querySelectorAll("input[data-suggest]")) {
  const place = document.getElementById(box.dataset.suggest);
  const root = box.form.getAttribute("action").replace(/\/search$/, "");
  let asked = 0, waiting = 0;
  const entry = (href, name, note) => {
    const item = document.createElement("li"), link = document.createElement("a"), more = document.createElement("span");
    link.href = href;
    link.textContent = name;
    more.className = "note";
    more.textContent = ` ${note}`;
    item.append(link, more);
    return item;
  };
  const show = async () => {
    const words = box.value.trim(), turn = ++asked;
    if (words.length < 2) return place.replaceChildren();
    try {
      const question = encodeURIComponent(words);
      const [terms, studies] = await Promise.all(["terms", "studies"].map(
        async list => (await (await fetch(`${root}/v1/${list}?limit=6&q=${question}`)).json()).items ?? []));
      if (turn !== asked) return;
      const list = document.createElement("ul");
      for (const term of terms) list.append(entry(`${root}/terms/${encodeURIComponent(term.id)}`, term.name, term.kind.replace("-", " ")));
      for (const study of studies) list.append(entry(`${root}/studies/${encodeURIComponent(study.id)}`, study.label, study.title ?? ""));
      place.replaceChildren(list.children.length ? list : "Nothing by that name.");
    } catch {
      place.replaceChildren();
    }
  };
  box.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, 150); });
  box.addEventListener("keydown", event => { if (event.key === "Escape") { ++asked; place.replaceChildren(); } });
}

// An index that is narrowed as one types: of a site of files, which has no server to ask.
for (const box of document.querySelectorAll("input[data-narrow]")) {
  const items = [...document.querySelectorAll(`#${box.dataset.narrow} li`)].map(item => [item, item.textContent.toLowerCase()]);
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [item, text] of items) item.hidden = !words.every(word => text.includes(word));
  });
}
