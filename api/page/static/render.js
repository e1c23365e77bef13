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

const ICONS = {
  yes: "M7 11v9H4v-9h3zm0 0 4-8c1.300 0 2.300 1 2.300 2.300V9h5a2 2 0 0 1 2 2.300l-1.200 7a2 2 0 0 1-2 1.700H7",
  no: "M17 13V4h3v9h-3zm0 0-4 8c-1.300 0-2.300-1-2.300-2.300V15h-5a2 2 0 0 1-2-2.300l1.200-7a2 2 0 0 1 2-1.700H17",
  link: "M10 14a4 4 0 0 0 6 .400l3-3a4 4 0 0 0-5.600-5.600l-1.200 1.200M14 10a4 4 0 0 0-6-.400l-3 3a4 4 0 0 0 5.600 5.600l1.200-1.200",
};

/** The picture `name` of ICONS; the words beside it say the same. */
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
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
export function asks(question, { language, home }, filters, { label = question, kind = "chip", previous = null } = {}) {
  const taken = [["lang", language], ...filters, ...(previous ? [["previous", previous]] : [])];
  return element("form", { method: "get", action: home, "data-ask": "" },
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
      asks(turn.question, view, turn.filters,
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
      showAfter(turn, texts),
      showRelated(turn, texts.answerable, view),
    ];
  }
  const partly = answer.outcome === "partly";
  return [
    element("p", { class: partly ? "partly" : "found" }, ...said),
    answer.notice ? element("p", { class: "notice" }, answer.notice) : null,
    element("ol", { class: partly ? "passages unsure" : "passages" },
      ...answer.passages.map((passage) => showPassage(passage, answer.language, texts))),
    showAfter(turn, texts),
    showRelated(turn, texts.related, view),
  ];
}

/** What a reader can do with an answer: rate it, say why, share it. */
export function showAfter(turn, texts) {
  const { answer, rated, reasoned, failed } = turn;
  const rates = (value, label) => element("button",
    { class: "quiet small", name: "helpful", value, "aria-pressed": rated ? String(rated === value) : null },
    icon(value), element("span", {}, label));
  return element("div", { class: "after" },
    answer.id
      ? element("form", { class: "rate", method: "post", action: "rate", "data-rate": "" },
          element("input", { type: "hidden", name: "id", value: answer.id }),
          element("input", { type: "hidden", name: "lang", value: answer.language }),
          element("p", {}, texts.rate_ask), rates("yes", texts.rate_yes), rates("no", texts.rate_no))
      : null,
    element("button", { class: "quiet small", type: "button", "data-copy": "" },
      icon("link"), element("span", {}, texts.copy)),
    turn.link ? showLink(turn.link, texts) : null,
    failed ? element("p", { class: "rate-failed" }, texts.rate_failed) : null,
    reasoned ? element("p", { class: "thanks" }, texts.reasoned) : null,
    rated && !reasoned ? showReason(answer.id, rated, texts) : null);
}

function showReason(id, rated, texts) {
  return element("form", { class: "reason", method: "post", action: "rate", "data-reason": "" },
    element("label", { for: `reason-${id}` }, rated === "yes" ? texts.reason_yes : texts.reason_no),
    element("textarea",
      { id: `reason-${id}`, name: "reason", rows: "2", maxlength: "500", "aria-describedby": `note-${id}` }),
    element("p", { class: "reason-note", id: `note-${id}` }, texts.reason_note),
    element("button", { class: "quiet small" }, texts.reason_send));
}

// Where the browser gives no access to the clipboard.
function showLink(link, texts) {
  return element("p", { class: "by-hand" }, `${texts.copy_by_hand} `, element("a", { href: link }, link));
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

function showRelated({ answer, filters }, heading, view) {
  if (!answer.related.length) return null;
  return element("div", { class: "related" },
    element("h3", {}, heading),
    element("ul", { class: "chips" },
      ...answer.related.map((question) => element("li", {}, asks(question, view, filters)))));
}

function isWebAddress(address) {
  return /^https?:\/\//i.test(address);
}
