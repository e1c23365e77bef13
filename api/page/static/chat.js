// The conversation: asks without leaving the page, keeps the turns, switches the language.
// It is kept here only: with a question goes the one before it, which it may follow up on.
import { answerText, asks, faultText, fill, showDate, showTurn, element } from "./render.js";

const SLOW = 20_000; // milliseconds until we say that an answer takes too long
const UNASKABLE = ["empty", "too_long", "not_text"];
const MISFILTERED = ["bad_date", "bad_range", "bad_publisher", "bad_article_language"];
const REFUSED = [...UNASKABLE, ...MISFILTERED]; // the question goes back into the box
const FILTERS = ["since", "until", "publisher", "article_language"];
const boot = JSON.parse(document.getElementById("boot").textContent);
const conversation = document.getElementById("conversation");
const welcome = document.querySelector(".welcome");
const composer = document.querySelector(".composer");
const box = document.getElementById("question");
const hint = document.getElementById("hint");
const count = document.getElementById("count");
const announcer = document.getElementById("status");
const panel = document.getElementById("filters");
const newTopic = document.getElementById("new-topic");
const again = document.getElementById("again");
const turns = []; // { question, previous, filters, answer, fault, element }, oldest first
let language = boot.language;
let thread = boot.thread; // what the next question may follow up on
let hinted = boot.hint; // code of the problem that the hint names

const view = () => ({ texts: boot.texts, language, contact: boot.contact, limit: boot.limit });
const texts = () => boot.texts[language];

function draw(turn) {
  turn.element.replaceChildren(...showTurn(turn, view()));
}

function addTurn(question, previous, filters) {
  const turn = {
    question, previous, filters, answer: null, fault: null, element: element("li", { class: "turn" }),
  };
  turns.push(turn);
  conversation.append(turn.element);
  welcome.hidden = true;
  draw(turn);
  return turn;
}

function readFrom(turn) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  turn.element.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}

function announce(turn) {
  const { answer, fault } = turn;
  announcer.lang = answer?.language ?? language;
  if (fault) announcer.textContent = faultText(fault, view());
  else if (!answer) announcer.textContent = texts().searching;
  else announcer.textContent = [answerText(answer, view()), answer.notice].filter(Boolean).join(" ");
}

function setHint(code) {
  hinted = code;
  hint.textContent = code ? faultText(code, view()) : "";
  if (UNASKABLE.includes(code)) box.setAttribute("aria-invalid", "true");
  else box.removeAttribute("aria-invalid");
  if (MISFILTERED.includes(code)) panel.open = true;
}

/** What the panel says: pairs of name and value. */
function chosenFilters() {
  return FILTERS.map((name) => [name, document.getElementById(name).value.trim()])
    .filter(([, value]) => value);
}

function countFilters() {
  const n = chosenFilters().length;
  document.getElementById("active").textContent = n ? fill(texts().active, { n }) : "";
  document.getElementById("clear").hidden = !n;
}

/** Remember what the next question may follow up on. */
function follow(question) {
  thread = question;
  newTopic.hidden = !question;
}

async function fetchAnswer({ question, previous, filters }, inLanguage = null) {
  const narrow = Object.fromEntries(filters.map(([name, value]) =>
    [name, name === "since" || name === "until" ? value : [value]]));
  let response;
  try {
    response = await fetch("ask", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ question, previous, language: inLanguage, ...narrow }),
      signal: AbortSignal.timeout(SLOW),
    });
    const body = await response.json();
    return response.ok ? { answer: body } : { fault: body.code ?? "internal" };
  } catch (error) {
    if (error.name === "TimeoutError") return { fault: "slow" };
    // A gateway in between may answer with a page of its own.
    return { fault: response ? "internal" : "offline" };
  }
}

async function ask(question, previous = null) {
  if (turns.at(-1) && !turns.at(-1).answer && !turns.at(-1).fault) return; // one at a time
  const trimmed = question.trim();
  const tooLong = Array.from(trimmed).length > boot.limit;
  if (!trimmed || tooLong) {
    setHint(tooLong ? "too_long" : "empty");
    box.focus();
    return;
  }
  setHint(null);
  const failed = turns.at(-1);
  if (failed?.fault) remove(failed); // asked again, or given up
  const retried = failed?.fault && failed.question === trimmed;
  const turn = addTurn(trimmed, retried ? failed.previous : previous, chosenFilters());
  if (box.value.trim() === trimmed) setBox("");
  announce(turn);
  readFrom(turn);
  Object.assign(turn, await fetchAnswer(turn));
  if (REFUSED.includes(turn.fault)) {
    remove(turn);
    setBox(trimmed);
    setHint(turn.fault);
    box.focus();
    return;
  }
  const { answer } = turn;
  if (answer && answer.outcome !== "social") {
    // As it was understood: else a third question would follow up on half of one.
    const understood = answer.read_as ?? answer.question;
    follow(Array.from(understood).length <= boot.limit ? understood : answer.question);
  }
  draw(turn);
  announce(turn);
  again.hidden = false;
  // The address leads back to the last question: to share it, or to reload it.
  const before = answer?.read_as ? [["previous", turn.previous]] : [];
  const address = [["q", trimmed], ["lang", language], ...turn.filters, ...before];
  history.replaceState(null, "", `?${new URLSearchParams(address)}`);
  setTitle();
  if (!box.value) turn.element.querySelector("h2").focus({ preventScroll: true });
  readFrom(turn);
}

function remove(turn) {
  turns.splice(turns.indexOf(turn), 1);
  turn.element.remove();
  welcome.hidden = turns.length > 0;
}

function setBox(text) {
  box.value = text;
  sized();
}

function sized() {
  // Grows with the question; the style sheet sets the most.
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight}px`;
  const n = Array.from(box.value.trim()).length;
  const near = n > boot.limit * 0.8;
  count.textContent = near ? fill(texts().count, { n, limit: boot.limit }) : "";
  count.classList.toggle("over", n > boot.limit);
}

function setTitle() {
  const last = turns.at(-1);
  document.title = last ? `${last.question} · ${boot.name}` : texts().title;
}

function speak(chosen) {
  language = chosen;
  const own = texts();
  const other = language === "id" ? "en" : "id";
  document.documentElement.lang = language;
  setTitle();
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = own[one.dataset.text];
  for (const one of document.querySelectorAll("[data-label]")) {
    one.setAttribute("aria-label", own[one.dataset.label]);
  }
  for (const one of document.querySelectorAll("[data-placeholder]")) {
    one.placeholder = own[one.dataset.placeholder];
  }
  for (const one of document.querySelectorAll("[data-language]")) {
    one.textContent = own.languages[one.dataset.language];
  }
  const index = document.querySelector("[data-index]");
  if (index) {
    const [n, built] = index.dataset.index.split(" ");
    index.textContent = fill(own.index, { n, date: showDate(built, own) });
  }
  const button = document.querySelector("[data-switch] button");
  button.value = other;
  button.lang = other;
  document.querySelector(".name a").setAttribute("href", `./?lang=${language}`);
  for (const field of document.querySelectorAll("input[name=lang]")) field.value = language;
  document.getElementById("examples")?.replaceChildren(
    ...own.examples.map((example) => element("li", {}, asks(example, language, boot.filters))));
  turns.forEach(draw);
  setHint(hinted);
  countFilters();
  sized();
}

/** Forget the conversation; what has been answered stays to be read. */
function startTopic() {
  follow(null);
  conversation.append(element("li", { class: "break", "data-text": "fresh" }, texts().fresh));
  announcer.lang = language;
  announcer.textContent = texts().fresh;
  conversation.lastElementChild.scrollIntoView({ block: "nearest" });
  box.focus();
}

function remembered() {
  // Storage may be forbidden; then the choice lasts as long as the page.
  try { return localStorage.getItem("tanya-language"); } catch { return null; }
}

function remember(chosen) {
  try { localStorage.setItem("tanya-language", chosen); } catch { /* see above */ }
}

/** Fetch the answers on the page in the `chosen` language; what cannot be had stays as it is. */
async function translate(chosen) {
  for (const turn of turns.filter(({ answer }) => answer && answer.language !== chosen).reverse()) {
    const { answer } = await fetchAnswer(turn, chosen);
    if (language !== chosen) return; // changed back meanwhile
    if (!answer || !turn.element.isConnected) continue;
    turn.answer = answer;
    draw(turn);
  }
}

function startLanguage() {
  if (boot.chosen) return boot.language;
  const known = [remembered(), ...navigator.languages.map((tag) => tag.split("-")[0])]
    .map((tag) => (tag === "ms" || tag === "in" ? "id" : tag));
  return known.find((tag) => tag in boot.texts) ?? boot.language;
}

document.addEventListener("submit", (event) => {
  const { submitter, target } = event;
  if ("switch" in target.dataset) {
    event.preventDefault();
    const chosen = document.querySelector("[data-switch] button").value;
    remember(chosen);
    speak(chosen);
    translate(chosen);
    const address = new URL(location.href);
    address.searchParams.set("lang", chosen);
    if (turns.length) address.searchParams.set("read", chosen);
    history.replaceState(null, "", address);
  } else if ("fresh" in target.dataset) {
    event.preventDefault();
    startTopic();
  } else if ("ask" in target.dataset) {
    event.preventDefault();
    const last = turns.at(-1);
    if (submitter?.name === "q") ask(submitter.value); // ours: it stands for itself
    else if (submitter === again && !box.value.trim() && last) ask(last.question, last.previous);
    else ask(box.value, thread);
  }
});

panel.addEventListener("input", () => {
  countFilters();
  if (MISFILTERED.includes(hinted)) setHint(null);
});
panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  panel.open = false;
  panel.querySelector("summary").focus();
});
document.getElementById("clear").addEventListener("click", () => {
  for (const name of FILTERS) document.getElementById(name).value = "";
  countFilters();
  panel.querySelector("summary").focus();
});

box.addEventListener("input", () => {
  sized();
  const n = Array.from(box.value.trim()).length;
  if (UNASKABLE.includes(hinted) && n > 0 && n <= boot.limit) setHint(null);
});
box.addEventListener("keydown", (event) => {
  // isComposing: Enter also ends a word in an input method.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});
conversation.addEventListener("keydown", (event) => {
  // After an answer the focus is on its question: typing on goes into the box.
  const plain = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (plain && event.target.matches("h2.question")) box.focus();
});

composer.noValidate = true; // we say it ourselves, in the reader's language
if (boot.question !== null) {
  // The server has answered this one: show it from the same data, so that it can change language.
  conversation.replaceChildren();
  const turn = addTurn(boot.question, boot.previous, boot.filters);
  Object.assign(turn, { answer: boot.answer, fault: boot.fault });
}
speak(startLanguage());
if (box.value) box.focus();
