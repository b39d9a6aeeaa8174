/*
 * The board's way to the daemon: requests with the admin token, if there is one, and the stream that tells that
 * something has changed. A browser's own EventSource can't show a token, so the stream is read by hand.
 */
const STREAM_PATIENCE_MS = 40000; // a line comes every 15 s
const ANSWER_PATIENCE_MS = 20000;

// --- what this device remembers, if it may ---

const remembered = {};

export function stored(key) {
  for (const store of ['sessionStorage', 'localStorage']) {
    try {
      const value = window[store].getItem(`emergencyd.${key}`);
      if (value) return value;
    } catch { /* then it is asked for again */ }
  }
  return remembered[key] || '';
}

export function keep(key, value, forGood) {
  remembered[key] = value;
  try {
    window.sessionStorage.setItem(`emergencyd.${key}`, value);
    if (forGood) window.localStorage.setItem(`emergencyd.${key}`, value);
    else window.localStorage.removeItem(`emergencyd.${key}`);
  } catch { /* then it lasts as long as the page */ }
}

// --- requests ---

export class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export async function call(path, options) {
  const headers = { ...(options && options.headers) };
  const token = stored('token');
  if (token) headers.Authorization = `Bearer ${token}`;
  const signal = AbortSignal.timeout(ANSWER_PATIENCE_MS);
  const answer = await fetch(path, { cache: 'no-store', signal, ...options, headers });
  if (answer.ok) return answer;
  let text = `the daemon answers ${answer.status}`;
  try {
    text = (await answer.json()).error || text;
  } catch { /* not the daemon's own answer */ }
  throw new Refusal(answer.status, text);
}

export async function post(path, body) {
  await call(path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
}

// --- the stream ---

let ending = null;

export function endStream() {
  if (ending) ending.abort();
}

// Calls onChange at the beginning and whenever something has changed. Returns when the stream has ended:
// whether there was one.
export async function listen(onChange) {
  const end = new AbortController();
  let patience = 0;
  let heard = false;
  const wait = () => {
    window.clearTimeout(patience);
    patience = window.setTimeout(() => end.abort(), STREAM_PATIENCE_MS);
  };
  ending = end;
  wait();
  try {
    const answer = await call('/api/stream', { signal: end.signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      heard = true;
      wait();
      const lines = (rest + value).split('\n');
      rest = lines.pop();
      if (lines.some((line) => line.startsWith('data:'))) onChange();
    }
  } catch { /* whoever asks next is told what is wrong */ }
  window.clearTimeout(patience);
  return heard;
}
