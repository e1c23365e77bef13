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

/** The filters, pairs of name and value, as people say them. */
function showFilters(filters, texts) {
  return filters.map(([name, value]) => {
    if (name === "since") return fill(texts.since, { date: showDate(value, texts) });
    if (name === "until") return fill(texts.until, { date: showDate(value, texts) });
    return name === "article_language" ? texts.languages[value] : value;
  }).join(" · ");
}

/** A form with one button that asks `question` with `filters`: it works without this script, too. */
export function asks(question, language, filters, { label = question, kind = "chip", previous = null } = {}) {
  const taken = [["lang", language], ...filters, ...(previous ? [["previous", previous]] : [])];
  return element("form", { method: "get", action: "./", "data-ask": "" },
    ...taken.map(([name, value]) => element("input", { type: "hidden", name, value })),
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
  if (turn.filters.length && turn.answer?.outcome !== "social") {
    parts.push(element("p", { class: "narrowed" },
      `${texts.narrowed} ${showFilters(turn.filters, texts)}`));
  }
  if (turn.fault) {
    parts.push(element("div", { class: "fault" },
      element("p", {}, faultText(turn.fault, view)),
      asks(turn.question, view.language, turn.filters,
        { label: texts.retry, kind: "quiet", previous: turn.previous })));
  } else if (!turn.answer) {
    parts.push(element("p", { class: "searching" }, texts.searching));
  } else {
    parts.push(showAnswer(turn, view));
  }
  return parts;
}

// An answer is in one language from head to foot, whatever language the page around it has.
function showAnswer(turn, view) {
  const { answer } = turn;
  const texts = view.texts[answer.language];
  return element("div", { class: "answer", lang: answer.language },
    answer.read_as
      ? element("p", { class: "read-as" }, `${texts.read_as} `, element("q", {}, answer.read_as))
      : null,
    ...showOutcome(turn, texts, view));
}

function showOutcome(turn, texts, view) {
  const { answer } = turn;
  const said = linked(answerText(answer, view), view);
  if (answer.outcome === "social") {
    return [element("p", { class: "reply" }, ...said), showRelated(turn, texts.answerable, view)];
  }
  if (answer.outcome === "unknown") {
    return [
      element("div", { class: "unknown" },
        element("p", { class: "message" }, ...said), element("p", {}, texts.advice)),
      showRelated(turn, texts.answerable, view),
    ];
  }
  const partly = answer.outcome === "partly";
  return [
    element("p", { class: partly ? "partly" : "found" }, ...said),
    answer.notice ? element("p", { class: "notice" }, answer.notice) : null,
    element("ol", { class: partly ? "passages unsure" : "passages" },
      ...answer.passages.map((passage) => showPassage(passage, answer.language, texts))),
    showRelated(turn, texts.related, view),
  ];
}

/** The sentence that heads an answer, in its language. */
export function answerText(answer, view) {
  const texts = view.texts[answer.language];
  if (answer.outcome === "partly") return answer.message ?? texts.partly;
  if (answer.outcome === "social") return answer.message ?? texts.greeting;
  if (answer.outcome === "unknown") return answer.message ?? texts.unknown;
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
          : element("span", {}, texts.undated),
        passage.old ? element("span", { class: "old" }, texts.old) : null),
      passage.also.length ? showAlso(passage.also, texts) : null,
      passage.original ? showOriginal(passage, texts) : null));
}

function showAlso(also, texts) {
  return element("p", { class: "also" }, texts.also,
    ...also.flatMap(({ title, publisher, url, published }, at) => {
      const name = isWebAddress(url)
        ? element("a", { href: url, title, target: "_blank", rel: "noopener" }, publisher,
            element("span", { class: "unseen" }, ` (${texts.new_tab})`))
        : publisher;
      const day = published ? showDate(published, texts) : texts.undated;
      return [" ", element("span", {}, name, ` (${day})${at < also.length - 1 ? "," : ""}`)];
    }));
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

// `message` with the contact in it as a link.
function linked(message, { contact }) {
  const at = contact ? message.indexOf(contact.text) : -1;
  return at < 0 ? [message] : [
    message.slice(0, at),
    element("a", { href: contact.href }, contact.text),
    message.slice(at + contact.text.length),
  ];
}

function showRelated({ answer, filters }, heading, { language }) {
  if (!answer.related.length) return null;
  return element("div", { class: "related" },
    element("h3", {}, heading),
    element("ul", { class: "chips" },
      ...answer.related.map((question) => element("li", {}, asks(question, language, filters)))));
}

function isWebAddress(address) {
  return /^https?:\/\//i.test(address);
}
