// Inside the frame that widget.js makes in another site's page: greeting, focus and Escape.
// Only sites that may embed us get here (frame-ancestors), and only text of theirs is shown.
const box = document.getElementById("question");
const say = (what) => window.parent.postMessage({ tanya: what }, "*"); // nothing of the reader's

if (window.parent !== window) {
  window.addEventListener("message", ({ source, data }) => {
    if (source !== window.parent || typeof data !== "object") return;
    if (data?.tanya === "focus") box.focus({ preventScroll: true });
    if (data?.tanya === "greeting" && typeof data.text === "string") {
      const heading = document.getElementById("welcome");
      delete heading.dataset.text; // it stays when the language is switched
      heading.textContent = data.text.slice(0, 300);
    }
  });
  document.addEventListener("keydown", (event) => {
    // A list or panel that is open takes the first Escape for itself.
    if (event.key === "Escape" && !event.defaultPrevented) say("close");
  });
  say("ready");
}
