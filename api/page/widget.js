// The chat in any page, with one script tag:
//   <script src="https://…/widget.js" data-language="id" data-position="right" async></script>
// No cookies, nothing stored; nothing is loaded from us until somebody opens it. Made to work under the host
// page's own Content-Security-Policy: no inline script, style element or markup. It needs script-src and frame-src
// for our address; where frames are not allowed, the panel offers the page in a new tab.
(() => {
  const { name, texts, light, dark } = "settings of the service";
  const script = document.currentScript ?? document.querySelector('script[src*="widget.js"]');
  if (!script || document.getElementById("tanya-widget")) return;
  const given = script.dataset;
  const base = new URL(".", script.src);
  const asked = given.language || document.documentElement.lang || navigator.language || "";
  const language = /^(id|ms|in)\b/i.test(asked) ? "id" : "en";
  const own = texts[language];
  const side = given.position === "left" ? "left" : "right";
  const SLOW = 10_000; // milliseconds without a word from the frame until we offer the page itself

  const properties = (palette) => Object.entries(palette).map(([key, value]) => `--${key}: ${value};`).join(" ");
  const look = `
    :host { all: initial; ${properties(light)} color-scheme: light dark; }
    @media (prefers-color-scheme: dark) { :host { ${properties(dark)} } }
    @media print { :host { display: none; } }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .launcher, .panel { position: fixed; z-index: 2147483000; ${side}: max(1rem, env(safe-area-inset-${side}));
      font: 400 16px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
    .launcher { bottom: max(1rem, env(safe-area-inset-bottom)); display: inline-flex; align-items: center; gap: 10px;
      max-width: calc(100vw - 2rem); min-height: 52px; padding: 8px 20px 8px 16px; border: 2px solid var(--surface); border-radius: 99px;
      background: var(--fill); color: var(--on-fill); font-weight: 600; cursor: pointer; box-shadow: 0 2px 12px rgb(0 0 0 / 25%); }
    .launcher:hover { background: var(--fill-strong); }
    svg { flex: none; width: 24px; height: 24px; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .panel { bottom: max(1rem, env(safe-area-inset-bottom)); display: flex; flex-direction: column; width: min(410px, calc(100vw - 2rem));
      height: min(640px, calc(100vh - 2rem)); height: min(640px, calc(100dvh - 2rem)); overflow: hidden; border: 1px solid var(--tint-edge); border-radius: 14px;
      background: var(--paper); box-shadow: 0 8px 40px rgb(0 0 0 / 30%); }
    .panel.larger { width: min(760px, calc(100vw - 2rem)); height: calc(100vh - 2rem); height: calc(100dvh - 2rem); }
    .head { display: flex; align-items: center; gap: 2px; padding: 4px 6px 4px 16px; background: var(--bubble); color: var(--on-bubble);
      border-bottom: 1px solid var(--tint-edge); }
    .head strong { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .head button, .head a { display: inline-flex; align-items: center; justify-content: center; width: 44px; height: 44px; padding: 0; border: 0;
      border-radius: 8px; background: transparent; color: inherit; cursor: pointer; }
    .head button:hover, .head a:hover { box-shadow: inset 0 0 0 2px currentcolor; }
    :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
    .head :focus-visible { outline-color: var(--on-bubble); outline-offset: -4px; }
    iframe { flex: 1; width: 100%; min-height: 0; border: 0; background: var(--paper); }
    .blocked { margin: 0; padding: 20px; color: var(--brand); }
    .blocked a { color: inherit; font-weight: 600; }
    @media (max-width: 500px), (max-height: 420px) {
      .panel, .panel.larger { inset: 0; width: 100%; height: 100%; border: 0; border-radius: 0; }
      .size { display: none !important; }
    }`;
  const PATHS = {
    chat: "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-8l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM8 9h8M8 13h5",
    size: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
    page: "M13 5H6a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2v-7M16 3h5v5M21 3l-9 9",
    close: "M6 6l12 12M18 6 6 18",
  };

  function make(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function picture(path) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    line.setAttribute("d", PATHS[path]);
    svg.append(line);
    return svg;
  }

  const address = (path) => `${new URL(path, base)}?lang=${language}`;
  const outside = (...children) => make("a", { href: address("./"), target: "_blank", rel: "noopener" }, ...children);
  const launcher = make("button", { class: "launcher", type: "button", "aria-expanded": "false", "aria-haspopup": "dialog" },
    picture("chat"), make("span", {}, given.label || own.open));
  const size = make("button", { class: "size", type: "button", "aria-label": own.larger, title: own.larger }, picture("size"));
  const close = make("button", { type: "button", "aria-label": own.close, title: own.close }, picture("close"));
  const page = outside(picture("page"));
  page.setAttribute("aria-label", own.page);
  page.title = own.page;
  const blocked = make("p", { class: "blocked", role: "alert" });
  blocked.hidden = true;
  const panel = make("div", { class: "panel", role: "dialog", "aria-label": name, lang: language },
    make("div", { class: "head" }, make("strong", {}, name), size, page, close), blocked);
  panel.hidden = true;
  launcher.lang = language;

  let frame = null;
  let ready = false;
  let timer = null;

  const tell = (message) => frame.contentWindow.postMessage(message, base.origin);

  function offerPage() {
    if (ready || !blocked.hidden) return;
    blocked.hidden = false;
    blocked.replaceChildren(`${own.blocked} `, outside(own.page));
    frame.hidden = true;
  }

  function greetAndFocus() {
    if (given.greeting) tell({ tanya: "greeting", text: given.greeting });
    if (!panel.hidden) focusInside();
  }

  function focusInside() {
    frame.focus();
    tell({ tanya: "focus" });
  }

  function load() {
    frame = make("iframe", { src: address("embed"), title: name, allow: "clipboard-write", referrerpolicy: "no-referrer" });
    frame.addEventListener("load", () => setTimeout(offerPage, 500)); // its script has spoken by then, if it is ours
    timer = setTimeout(offerPage, SLOW);
    panel.append(frame);
  }

  function open() {
    panel.hidden = false;
    launcher.hidden = true;
    launcher.setAttribute("aria-expanded", "true");
    if (!frame) load();
    if (ready) focusInside();
    else close.focus();
  }

  function shut() {
    panel.hidden = true;
    launcher.hidden = false;
    launcher.setAttribute("aria-expanded", "false");
    launcher.focus();
  }

  launcher.addEventListener("click", open);
  close.addEventListener("click", shut);
  size.addEventListener("click", () => {
    const larger = panel.classList.toggle("larger");
    size.setAttribute("aria-label", larger ? own.smaller : own.larger);
    size.title = larger ? own.smaller : own.larger;
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
  });
  window.addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || origin !== base.origin) return;
    if (data?.tanya === "close") shut();
    if (data?.tanya === "ready") {
      ready = true;
      clearTimeout(timer);
      blocked.hidden = true;
      frame.hidden = false;
      greetAndFocus();
    }
  });
  // The host page's own policy forbids the frame.
  document.addEventListener("securitypolicyviolation", ({ blockedURI }) => {
    if (frame && blockedURI.startsWith(base.origin)) offerPage();
  });

  const host = make("div", { id: "tanya-widget" });
  const root = host.attachShadow({ mode: "open" });
  // A constructed style sheet is no inline style: the host's policy lets it pass.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(look);
  root.adoptedStyleSheets = [sheet];
  root.append(launcher, panel);
  const attach = () => document.body.append(host);
  if (document.body) attach();
  else document.addEventListener("DOMContentLoaded", attach);
})();
