// Answers as elements. Builds what ../page.html builds on the server: change both.
// Text only ever becomes a text node: nothing from an article or a question is read as markup.

/** An element with `attributes` (null ones left out) and `children` (elements or text). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** `text` with {name} filled in from `values`. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** "2023-09-05" as "5 September 2023". */
export function showDate(day, texts) {
  const [year, month, date] = day.split("-").map(Number);
  return `${date} ${texts.months[month - 1]} ${year}`;
}

/** A form with one button that asks `question`: it works without this script, too. */
export function asks(question, language, label = question, kind = "chip") {
  return element("form", { method: "get", action: "./", "data-ask": "" },
    element("input", { type: "hidden", name: "lang", value: language }),
    element("button", { class: kind, name: "q", value: question }, label));
}

/** The contents of one turn: `turn` has question and answer, fault or neither (still waiting). */
export function showTurn(turn, view) {
  const texts = view.texts[view.language];
  const parts = [
    element("h2", { class: "question", tabindex: "-1" },
      element("span", { class: "unseen" }, `${texts.asked} `),
      element("span", { class: "question-text" }, turn.question)),
  ];
  if (turn.fault) {
    parts.push(element("div", { class: "fault" },
      element("p", {}, faultText(turn.fault, view)),
      asks(turn.question, view.language, texts.retry, "quiet")));
  } else if (!turn.answer) {
    parts.push(element("p", { class: "searching" }, texts.searching));
  } else {
    parts.push(showAnswer(turn.answer, view));
  }
  return parts;
}

// An answer is in one language from head to foot, whatever language the page around it has.
function showAnswer(answer, view) {
  const texts = view.texts[answer.language];
  return element("div", { class: "answer", lang: answer.language },
    ...(answer.answered
      ? [
          element("p", { class: "found" }, foundText(answer, view)),
          element("ol", { class: "passages" },
            ...answer.passages.map((passage) => showPassage(passage, answer.language, texts))),
          showRelated(answer, texts.related, view),
        ]
      : [showUnknown(answer, texts, view), showRelated(answer, texts.answerable, view)]));
}

/** What to say where an answer was found, in its language. */
export function foundText(answer, view) {
  const texts = view.texts[answer.language];
  const n = answer.passages.length;
  return n === 1 ? texts.found_one : fill(texts.found_many, { n });
}

/** The sentence for a problem code. */
export function faultText(code, view) {
  const texts = view.texts[view.language];
  return fill(texts.faults[code] ?? texts.faults.internal, { limit: view.limit });
}

function showPassage(passage, language, texts) {
  // Offsets count code points, JavaScript's strings count UTF-16 units.
  const points = Array.from(passage.text);
  const { start, end } = passage.highlight;
  const cut = (from, to) => points.slice(from, to).join("");
  const { source } = passage;
  const title = isWebAddress(source.link)
    ? element("a", { href: source.link, target: "_blank", rel: "noopener" }, passage.title,
        element("span", { class: "unseen", lang: language }, ` (${texts.new_tab})`))
    : passage.title;
  return element("li", { class: "passage" },
    element("blockquote", { lang: passage.language },
      cut(0, start), end > start ? element("mark", {}, cut(start, end)) : null, cut(Math.max(start, end))),
    element("div", { class: "source" },
      element("p", { class: "source-title", lang: passage.language }, title),
      element("p", { class: "source-meta" },
        element("span", { class: "publisher" }, source.publisher),
        source.published
          ? element("time", { datetime: source.published }, showDate(source.published, texts))
          : element("span", {}, texts.undated)),
      passage.original ? showOriginal(passage, texts) : null));
}

function showOriginal({ original, source }, texts) {
  const language = texts.languages[original.language] ?? original.language;
  return element("details", { class: "original" },
    element("summary", {}, `${fill(texts.translated, { language })} `,
      element("span", { class: "action" }, texts.original)),
    element("div", { lang: original.language },
      element("p", { class: "original-title" }, source.title),
      element("p", { class: "original-text" }, original.text)));
}

function showUnknown(answer, texts, { contact }) {
  const message = answer.message ?? texts.unknown;
  const at = contact ? message.indexOf(contact.text) : -1;
  const parts = at < 0 ? [message] : [
    message.slice(0, at),
    element("a", { href: contact.href }, contact.text),
    message.slice(at + contact.text.length),
  ];
  return element("div", { class: "unknown" },
    element("p", { class: "message" }, ...parts),
    element("p", {}, texts.advice));
}

function showRelated(answer, heading, { language }) {
  if (!answer.related.length) return null;
  return element("div", { class: "related" },
    element("h3", {}, heading),
    element("ul", { class: "chips" },
      ...answer.related.map((question) => element("li", {}, asks(question, language)))));
}

function isWebAddress(address) {
  return /^https?:\/\//i.test(address);
}
