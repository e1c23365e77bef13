// Suggestions while somebody types: a list of which the box speaks (aria-activedescendant).
// The box stays a multi-line text box, whose role takes a list along; role=combobox is for one line only.
import { element } from "./render.js";

const PAUSE = 150; // milliseconds without a key before we ask
const SHORTEST = 2; // characters

/**
 * Suggest questions in `list` for what is typed into `box`. `language()` is the interface's, `choose(text)`
 * is called with a suggestion taken, `found(n)` when `n` are shown. Returns { close }.
 * Whatever goes wrong, the box works on as if there were no suggestions.
 */
export function suggestIn(box, list, { language, choose, found }) {
  let timer = null;
  let asking = null;
  let active = -1;
  let offered = true; // false: this server has no suggestions
  const options = () => [...list.children];

  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);

  function close() {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
    list.hidden = true;
    list.replaceChildren();
    activate(-1);
  }

  function activate(at) {
    active = at;
    options().forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
    if (at < 0) box.removeAttribute("aria-activedescendant");
    else {
      box.setAttribute("aria-activedescendant", options()[at].id);
      options()[at].scrollIntoView({ block: "nearest" });
    }
  }

  function show(questions) {
    list.replaceChildren(...questions.map((question, at) => element("li",
      { class: "suggestion", role: "option", id: `suggestion-${at}`, "aria-selected": "false" }, question)));
    list.hidden = !questions.length;
    activate(-1);
    found(questions.length);
  }

  async function look() {
    const typed = box.value.trim();
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const query = new URLSearchParams({ q: typed, language: language() });
      const response = await fetch(`suggest?${query}`, { signal });
      if (response.status === 404) offered = false;
      const { suggestions } = await response.json();
      // Meanwhile it may have been asked, or typed on.
      if (signal.aborted || box.value.trim() !== typed || document.activeElement !== box) return;
      show(response.ok ? suggestions.filter((one) => one !== typed) : []);
    } catch { /* without suggestions, then */ }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    const n = box.value.trim().length;
    if (!offered || n < SHORTEST || box.value.includes("\n")) close();
    else timer = setTimeout(look, PAUSE);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const n = options().length;
    if (event.key === "ArrowDown") activate((active + 1) % n);
    else if (event.key === "ArrowUp") activate(active <= 0 ? n - 1 : active - 1);
    else if (event.key === "Enter" && active >= 0) choose(options()[active].textContent);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("blur", close);
  // Before the box loses the focus.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option.textContent);
  });
  return { close };
}
