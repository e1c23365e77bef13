// The conversation, kept for this tab: a reload shows it again, another tab or person does not.
// Not in localStorage, which would keep it on a shared computer after the reader has gone.
const KEY = "tanya-conversation";
const FORMAT = 1;
const MOST = 30; // turns; storage is small

/** What was kept: turns without elements, oldest first, and what the next question follows up on. */
export function recall() {
  try {
    const { format, turns, thread } = JSON.parse(sessionStorage.getItem(KEY));
    if (format === FORMAT) return { turns, thread };
  } catch { /* nothing kept, or storage is forbidden */ }
  return { turns: [], thread: null };
}

export function remember(turns, thread) {
  const kept = { format: FORMAT, turns: turns.slice(-MOST), thread };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch { /* full or forbidden: it lasts as long as the page */ }
}

export function forget() {
  try { sessionStorage.removeItem(KEY); } catch { /* see above */ }
}
