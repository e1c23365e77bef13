// The conversation: asks without leaving the page, keeps the turns, switches the language.
// It is kept in this tab only: with a question goes the one before it, which it may follow up on.
import { answerText, asks, faultText, fill, showAfter, showDate, showTurn, element } from "./render.js";
import { forget, recall, remember } from "./keep.js";
import { suggestIn } from "./suggest.js";

const SLOW = 20_000; // milliseconds until we say that an answer takes too long
const UNASKABLE = ["empty", "too_long", "not_text"];
const MISFILTERED = ["bad_date", "bad_range", "bad_publisher", "bad_topic", "bad_article_language"];
const REFUSED = [...UNASKABLE, ...MISFILTERED]; // the question goes back into the box
const FILTERS = ["since", "until", "publisher", "topic", "article_language"];
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
const forgetAll = document.getElementById("forget");
const again = document.getElementById("again");
// { question, previous, filters, answer, fault, rated, reasoned, failed, link, fresh, element }, oldest first
const turns = [];
let language = boot.language;
let thread = boot.thread; // what the next question may follow up on
let hinted = boot.hint; // code of the problem that the hint names
let fresh = false; // whether the next turn begins a new topic

const view = () => ({ texts: boot.texts, language, home: boot.home, contact: boot.contact, limit: boot.limit });
const texts = () => boot.texts[language];
const headers = { "Content-Type": "application/json", "Tanya-Door": boot.door };

function draw(turn) {
  turn.element.replaceChildren(...showTurn(turn, view()));
}

function addTurn(question, previous, filters) {
  const turn = {
    question, previous, filters, answer: null, fault: null, fresh, element: element("li", { class: "turn" }),
  };
  if (fresh && !conversation.lastElementChild?.matches(".break")) addBreak();
  fresh = false;
  turns.push(turn);
  conversation.append(turn.element);
  welcome.hidden = true;
  forgetAll.hidden = false;
  draw(turn);
  return turn;
}

function addBreak() {
  conversation.append(element("li", { class: "break", "data-text": "fresh" }, texts().fresh));
}

function readFrom(turn) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  turn.element.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}

function say(text, inLanguage = language) {
  announcer.lang = inLanguage;
  announcer.textContent = text;
}

function announce(turn) {
  const { answer, fault } = turn;
  if (fault) say(faultText(fault, view()));
  else if (!answer) say(texts().searching);
  else say([answerText(answer, view()), answer.notice].filter(Boolean).join(" "), answer.language);
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

async function post(address, body) {
  return fetch(address, {
    method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(SLOW),
  });
}

async function fetchAnswer({ question, previous, filters }, inLanguage = null) {
  const narrow = Object.fromEntries(filters.map(([name, value]) =>
    [name, name === "since" || name === "until" ? value : [value]]));
  let response;
  try {
    response = await post("ask", { question, previous, language: inLanguage, ...narrow });
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
  suggestions.close();
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
  if (!turn.element.isConnected) return; // deleted meanwhile
  if (REFUSED.includes(turn.fault)) {
    remove(turn);
    setBox(trimmed);
    setHint(turn.fault);
    box.focus();
    return;
  }
  const { answer } = turn;
  if (answer) {
    showIndex(answer.index);
    if (answer.outcome !== "social") {
      // As it was understood: else a third question would follow up on half of one.
      const understood = answer.read_as ?? answer.question;
      follow(Array.from(understood).length <= boot.limit ? understood : answer.question);
    }
  }
  draw(turn);
  announce(turn);
  keep();
  again.hidden = false;
  // The address leads back to the last question: to share it, or to reload it.
  history.replaceState(null, "", `?${addressOf(turn)}`);
  setTitle();
  if (!box.value) turn.element.querySelector("h2").focus({ preventScroll: true });
  readFrom(turn);
}

/** The query part of the address that asks what `turn` asked. */
function addressOf({ question, previous, filters, answer }) {
  const before = answer?.read_as ? [["previous", previous]] : [];
  return new URLSearchParams([["q", question], ["lang", language], ...filters, ...before]);
}

function remove(turn) {
  turns.splice(turns.indexOf(turn), 1);
  turn.element.remove();
  fresh = turn.fresh;
  welcome.hidden = turns.length > 0;
  forgetAll.hidden = turns.length === 0;
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

/** The foot of the page tells of the index that answered last: it may be another than at the start. */
function showIndex(index = null) {
  const line = document.querySelector("[data-index]");
  if (!line) return;
  if (index) line.dataset.index = `${index.articles} ${index.built_at.slice(0, 10)}`;
  const [n, built] = line.dataset.index.split(" ");
  line.textContent = fill(texts().index, { n, date: showDate(built, texts()) });
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
  showIndex();
  const button = document.querySelector("[data-switch] button");
  button.value = other;
  button.lang = other;
  document.querySelector(".name a").setAttribute("href", `${boot.home}?lang=${language}`);
  for (const field of document.querySelectorAll("form[method=get] input[name=lang]")) field.value = language;
  document.getElementById("examples")?.replaceChildren(
    ...own.examples.map((example) => element("li", {}, asks(example, view(), boot.filters))));
  turns.forEach(draw);
  setHint(hinted);
  countFilters();
  sized();
}

/** The next question is read on its own; what has been answered stays to be read. */
function startTopic() {
  follow(null);
  addBreak();
  fresh = true;
  say(texts().fresh);
  conversation.lastElementChild.scrollIntoView({ block: "nearest" });
  box.focus();
}

/** Forget the conversation, here and in the address. */
function startOver() {
  turns.splice(0);
  conversation.replaceChildren();
  forget();
  follow(null);
  fresh = false;
  welcome.hidden = false;
  forgetAll.hidden = true;
  again.hidden = true;
  history.replaceState(null, "", `?lang=${language}`);
  setTitle();
  say(texts().forgotten);
  box.focus();
}

function keep() {
  remember(turns.filter(({ answer }) => answer).map(({ element: _, link: __, failed: ___, ...rest }) => rest), thread);
}

/** The conversation of this tab, as it was before the page was loaded anew. */
function restore() {
  const kept = recall();
  for (const { fresh: began, ...rest } of kept.turns) {
    fresh = began;
    Object.assign(addTurn(rest.question, rest.previous, rest.filters), rest, { fresh: began });
  }
  if (boot.question === null) {
    if (kept.turns.length) follow(kept.thread);
    return;
  }
  const last = turns.at(-1);
  const same = last && last.question === boot.question && String(last.filters) === String(boot.filters);
  if (same && boot.fault) return; // what was answered before is better than that
  // The server has answered this one: show it from the same data, so that it can change language.
  const turn = same ? last : addTurn(boot.question, boot.previous, boot.filters);
  const rated = same && last.answer?.id === boot.answer?.id;
  Object.assign(turn, { answer: boot.answer, fault: boot.fault, previous: boot.previous });
  if (!rated) Object.assign(turn, { rated: null, reasoned: false });
  keep();
}

function turnOf(target) {
  return turns.find((turn) => turn.element.contains(target));
}

/** Draw what stands below an answer anew, with the focus on what `selector` finds. */
function drawAfter(turn, selector) {
  turn.element.querySelector(".after").replaceWith(showAfter(turn, boot.texts[turn.answer.language]));
  turn.element.querySelector(`.after ${selector}`)?.focus();
}

async function rate(turn, rated, reason = null) {
  const own = boot.texts[turn.answer.language];
  const before = { rated: turn.rated, reasoned: turn.reasoned };
  const pressed = `[name=helpful][value=${rated}]`;
  let saved = false;
  try {
    const body = { id: turn.answer.id, helpful: rated === "yes", reason };
    saved = (await post("feedback", body)).ok;
  } catch { /* said below */ }
  Object.assign(turn, saved ? { rated, reasoned: reason !== null, failed: false } : { ...before, failed: true });
  if (!turn.element.isConnected) return;
  say(saved ? (reason === null ? own.rated : own.reasoned) : own.rate_failed, turn.answer.language);
  const typed = saved ? "" : (turn.element.querySelector("[name=reason]")?.value ?? "");
  drawAfter(turn, pressed);
  const field = turn.element.querySelector("[name=reason]");
  if (field && typed) field.value = typed; // nothing that was typed is lost
  keep();
}

async function copyLink(turn) {
  const link = new URL(`./?${addressOf(turn)}`, document.baseURI).href;
  const own = boot.texts[turn.answer.language];
  try {
    await navigator.clipboard.writeText(link);
    turn.link = null;
    say(own.copied, turn.answer.language);
  } catch {
    turn.link = link;
    say(own.copy_by_hand, turn.answer.language);
  }
  drawAfter(turn, "[data-copy]");
  if (!turn.link) {
    const label = turn.element.querySelector("[data-copy] span");
    label.textContent = own.copied;
    setTimeout(() => { label.textContent = own.copy; }, 4000);
  }
}

function chosenBefore() {
  // Storage may be forbidden; then the choice lasts as long as the page.
  try { return localStorage.getItem("tanya-language"); } catch { return null; }
}

function choose(chosen) {
  try { localStorage.setItem("tanya-language", chosen); } catch { /* see above */ }
}

/** Fetch the answers on the page in the `chosen` language; what cannot be had stays as it is. */
async function translate(chosen) {
  for (const turn of turns.filter(({ answer }) => answer && answer.language !== chosen).reverse()) {
    const { answer } = await fetchAnswer(turn, chosen);
    if (language !== chosen) return; // changed back meanwhile
    if (!answer || !turn.element.isConnected) continue;
    Object.assign(turn, { answer, rated: null, reasoned: false, failed: false, link: null });
    draw(turn);
    keep();
  }
}

function startLanguage() {
  if (boot.chosen) return boot.language;
  const known = [chosenBefore(), ...navigator.languages.map((tag) => tag.split("-")[0])]
    .map((tag) => (tag === "ms" || tag === "in" ? "id" : tag));
  return known.find((tag) => tag in boot.texts) ?? boot.language;
}

document.addEventListener("submit", (event) => {
  const { submitter, target } = event;
  if ("switch" in target.dataset) {
    event.preventDefault();
    const chosen = document.querySelector("[data-switch] button").value;
    choose(chosen);
    speak(chosen);
    translate(chosen);
    const address = new URL(location.href);
    address.searchParams.set("lang", chosen);
    if (turns.length) address.searchParams.set("read", chosen);
    history.replaceState(null, "", address);
  } else if ("fresh" in target.dataset) {
    event.preventDefault();
    startTopic();
  } else if ("rate" in target.dataset) {
    event.preventDefault();
    rate(turnOf(target), submitter.value);
  } else if ("reason" in target.dataset) {
    event.preventDefault();
    const turn = turnOf(target);
    const reason = target.elements.reason.value.trim();
    if (reason) rate(turn, turn.rated, reason);
    else target.elements.reason.focus();
  } else if ("ask" in target.dataset) {
    event.preventDefault();
    const last = turns.at(-1);
    if (submitter?.name === "q") ask(submitter.value); // ours: it stands for itself
    else if (submitter === again && !box.value.trim() && last) ask(last.question, last.previous);
    else ask(box.value, thread);
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copyLink(turnOf(button));
});
forgetAll.addEventListener("click", startOver);

panel.addEventListener("input", () => {
  countFilters();
  if (MISFILTERED.includes(hinted)) setHint(null);
});
panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !panel.open) return;
  event.stopPropagation();
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
// Before the next listener: Enter on a suggestion is its own.
const suggestions = suggestIn(box, document.getElementById("suggestions"), {
  language: () => language,
  choose: (question) => { setBox(question); ask(question); },
  found: (n) => say(n ? fill(texts().suggested, { n }) : ""),
});
box.addEventListener("keydown", (event) => {
  // isComposing: Enter also ends a word in an input method.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !event.defaultPrevented) {
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
conversation.replaceChildren();
restore();
again.hidden = turns.length === 0;
speak(startLanguage());
if (turns.length > 1) readFrom(turns.at(-1));
if (box.value) box.focus();
