/*
 * The board: shows what /api/board says, and gives commands. It is told by /api/stream that something changed
 * and then reads everything anew. Every text becomes a text node, whoever wrote it; addresses become links
 * only if they are http or https.
 */
import { Refusal, call, endStream, keep, listen, post, stored } from './connection.js';

const POLL_MS = 30000; // in case that the stream has missed something
const POLL_WITHOUT_STREAM_MS = 5000;
const STREAM_PAUSE_MS = 1000;
const REFRESH_GAP_MS = 250;
const TOLD_MS = 6000;
const SOON_MS = 3 * 60 * 1000;

const STEPS = {
  first_contact: 'first comment', follow_up: 'follow-up', downgrade: 'downgrade', urgent: 'urgent',
};
const ROLES = { engineer: 'Engineer', manager: 'Support Manager', escalation: 'Escalation' };
const PRIMARY = ['do-it', 'ack', 'take', 'first-contact', 'call-ended'];
const DANGEROUS = ['downgrade', 'close'];
const AT_ONCE = ['extend']; // as a button it needs no question: 15 minutes
const SURE = { downgrade: 'The ticket’s priority is lowered now.' };
const LABELS = { // where the thread's would not be clear here, or has none
  'first-contact': 'Post the first comment', duty: 'Hand over my other shift', page: 'Page somebody',
  handoff: 'Hand over', bulk: 'Answer a whole incident', link: 'Link the ticket', note: 'Note',
};
const QUESTIONS = {
  how: 'How?', for: 'For how long, from now?', why: 'Why?', who: 'Whom? Nobody: the engineer on call',
  to: 'To whom?', tag: 'The incident’s tag', ticket: 'The ticket’s number or address', text: 'Text',
};

const board = {
  data: null, // what /api/board said
  commands: new Map(), // by name
  aheadMs: 0, // the daemon's clock against ours
  chosen: 0, // the emergency whose details are shown
  cards: new Map(), // by id: {node, look}
  busy: new Set(), // ids of emergencies with a command on its way
  refusals: new Map(), // by id
  reading: false,
  again: false,
  lostMs: 0,
  locked: false, // a token is asked for: nothing is tried until it is given
};

const at = (id) => document.getElementById(id);

// --- building ---

function make(tag, options, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (name === 'press') node.addEventListener('click', value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return node;
}

function link(address, text) {
  let url = null;
  try {
    url = new URL(address);
  } catch { /* no address */ }
  if (!url || !['https:', 'http:'].includes(url.protocol)) return make('span', null, text);
  return make('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer' }, text);
}

function when(iso) {
  const time = new Date(iso);
  const today = time.toDateString() === new Date().toDateString();
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  const text = today ? time.toLocaleTimeString([], options)
    : time.toLocaleString([], { ...options, second: undefined, weekday: 'short', day: 'numeric', month: 'short' });
  return make('time', { datetime: iso, title: `${iso.slice(0, 19).replace('T', ' ')} UTC` }, text);
}

function period(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const two = (n) => String(n).padStart(2, '0');
  if (s >= 3600) return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 60)}:${two(s % 60)}`;
}

function fact(name, ...values) {
  return make('span', null, `${name} `, ...values.map(
    (value) => (typeof value === 'string' ? make('b', null, value) : value)));
}

// --- reading ---

function alarm(text) {
  at('alarm').hidden = !text;
  if (at('alarm').textContent !== text) at('alarm').textContent = text;
}

function lost(error) {
  if (!board.lostMs) board.lostMs = Date.now();
  const since = new Date(board.lostMs).toLocaleTimeString();
  alarm(error instanceof Refusal ? `The daemon refuses: ${error.message} (${error.status}).`
    : `No connection to the daemon since ${since}: what you see may be old. Trying again …`);
  at('link').textContent = 'Not up to date';
}

function found() {
  board.lostMs = 0;
  alarm('');
  at('link').textContent = 'Up to date';
}

function lock() {
  board.locked = true;
  at('token').hidden = false;
  askForToken();
}

// Reads all that is shown; a further wish meanwhile is met afterwards.
async function refresh() {
  if (board.reading || board.locked) {
    board.again = true;
    return;
  }
  board.reading = true;
  try {
    if (!board.commands.size) {
      const { commands } = await (await call('/api/commands')).json();
      board.commands = new Map(commands.map((command) => [command.name, command]));
    }
    const wanted = board.chosen;
    const data = await (await call(`/api/board${wanted ? `?id=${wanted}` : ''}`)).json();
    if (board.chosen === wanted && data.chosen) board.chosen = data.chosen.id; // it may be part of another now
    board.aheadMs = new Date(data.now) - Date.now();
    board.data = data;
    found();
    show();
  } catch (error) {
    lost(error);
    if (error.status === 401) lock();
  }
  window.setTimeout(() => {
    board.reading = false;
    if (board.again) {
      board.again = false;
      refresh();
    }
  }, REFRESH_GAP_MS);
}

async function listenForEver() {
  let pauseMs = 0;
  for (;;) {
    const heard = !board.locked && await listen(refresh);
    pauseMs = heard ? STREAM_PAUSE_MS : Math.min(pauseMs + STREAM_PAUSE_MS, POLL_WITHOUT_STREAM_MS);
    await new Promise((resolve) => { window.setTimeout(resolve, pauseMs); });
    refresh();
  }
}

// --- the dialog ---

let onYes = null;

function field(argument) {
  const id = `field-${argument.name}`;
  const options = { id, name: argument.name, required: argument.required, placeholder: argument.placeholder };
  const label = (argument.label || QUESTIONS[argument.name] || argument.name)
    + (argument.required || argument.check ? '' : ' (may be left empty)');
  if (argument.check)
    return make('label', { class: 'check' }, make('input', { ...options, type: 'checkbox' }), label);
  const input = argument.kind === 'text' && argument.name === 'text' ? make('textarea', { ...options, rows: 5 })
    : make('input', { ...options, type: argument.secret ? 'password' : 'text',
      autocomplete: argument.autocomplete || 'off' });
  if (argument.value) input.value = argument.value;
  return make('div', null, make('label', { for: id }, label), input);
}

// Asks; yes(values) may throw what is then shown, and the dialog stays.
function ask({ title, text, fields, button, danger, yes }) {
  if (at('dialog').open) return;
  onYes = yes;
  at('dialog-title').textContent = title;
  at('dialog-text').textContent = text || '';
  at('dialog-error').hidden = true;
  at('dialog-yes').textContent = button;
  at('dialog-yes').className = danger ? 'danger' : 'primary';
  at('fields').replaceChildren(...(fields || []).map(field));
  at('dialog').showModal();
  const first = at('fields').querySelector('input, textarea');
  (first || at('dialog-no')).focus();
}

async function submit(event) {
  event.preventDefault();
  const values = {};
  for (const input of at('fields').querySelectorAll('input, textarea'))
    values[input.name] = input.type === 'checkbox' ? input.checked : input.value.trim();
  at('dialog-yes').disabled = true;
  try {
    await onYes(values);
    at('dialog').close('yes');
  } catch (error) {
    at('dialog-error').textContent = error instanceof Refusal ? `Refused: ${error.message}`
      : 'No connection: it is not known whether it was done. Look before you try again.';
    at('dialog-error').hidden = false;
  }
  at('dialog-yes').disabled = false;
}

function showName() {
  const name = stored('name');
  at('me').textContent = name ? `You are ${name}` : 'Your name …';
}

function askForName(then) {
  ask({
    title: 'Your name', text: 'Commands are given, and shown to others, in this name.', button: 'Keep it',
    fields: [{ name: 'name', label: 'Name', required: true, value: stored('name'), autocomplete: 'name' }],
    yes: ({ name }) => {
      keep('name', name, true);
      showName();
      if (then) window.setTimeout(then); // after the dialog has closed
    },
  });
}

function askForToken() {
  ask({
    title: 'The admin token', text: 'The daemon asks for the token of its setting [admin] token.', button: 'Go on',
    fields: [{ name: 'token', label: 'Token', required: true, secret: true },
      { name: 'forGood', label: 'Keep it on this device', check: true }],
    yes: async ({ token, forGood }) => {
      keep('token', token, forGood);
      await call('/api/commands');
      board.locked = false;
      at('token').hidden = true;
      refresh();
    },
  });
}

// --- commands ---

function tell(text) {
  at('told').textContent = text;
  window.clearTimeout(tell.timer);
  tell.timer = window.setTimeout(() => { at('told').textContent = ''; }, TOLD_MS);
}

function labelOf(name) {
  return LABELS[name] || board.commands.get(name).label || name;
}

async function give(id, name, values) {
  const body = { by: stored('name') };
  for (const [key, value] of Object.entries(values)) if (value) body[key] = value;
  board.refusals.delete(id);
  board.busy.add(id);
  show();
  try {
    await post(`/api/emergencies/${id}/${name}`, body);
    tell(`E${id}: ${labelOf(name)}. Done.`);
  } finally {
    board.busy.delete(id);
    refresh();
    show();
  }
}

function giveAtOnce(id, name) {
  give(id, name, {}).catch((error) => {
    board.refusals.set(id, error instanceof Refusal ? `Refused: ${error.message}`
      : `No connection: it is not known whether “${labelOf(name)}” was done. Look before you press again.`);
    show();
  });
}

function order(id, name, asks) {
  if (!stored('name')) {
    askForName(() => order(id, name, asks));
    return;
  }
  const command = board.commands.get(name);
  if (!asks && !SURE[name]) {
    giveAtOnce(id, name);
    return;
  }
  ask({
    title: `E${id}: ${labelOf(name)}`, text: SURE[name] || `${command.help}.`, button: labelOf(name),
    danger: DANGEROUS.includes(name), yes: (values) => give(id, name, values),
    fields: command.arguments.map((argument) => ({
      ...argument, placeholder: argument.kind === 'period' ? '15m' : null })),
  });
}

function commandButton(id, name, always) {
  const command = board.commands.get(name);
  if (!command) return null;
  const asks = command.arguments.length > 0 && (always || !AT_ONCE.includes(name));
  const look = PRIMARY.includes(name) && !always ? 'primary' : DANGEROUS.includes(name) ? 'danger' : null;
  const label = always && AT_ONCE.includes(name) ? 'Extend by' : labelOf(name);
  return make('button', {
    type: 'button', class: look, title: command.help, disabled: board.busy.has(id),
    'data-key': `${id} ${name} ${Boolean(always)}`, 'aria-label': `${label}, E${id}`,
    press: () => order(id, name, asks),
  }, asks || SURE[name] ? `${label} …` : label);
}

function buttonsOf(e, details) {
  const names = [...e.buttons].sort((a, b) => PRIMARY.includes(b) - PRIMARY.includes(a));
  const more = make('button', {
    type: 'button', class: 'more', 'aria-expanded': String(Boolean(details)), 'data-key': `${e.id} details`,
    'aria-label': `Details and all commands of E${e.id}`, press: () => choose(details ? 0 : e.id),
  }, details ? 'Less' : 'More …');
  return make('div', { class: 'buttons' }, ...names.map((name) => commandButton(e.id, name, false)), more);
}

function retry(action) {
  if (!stored('name')) {
    askForName(() => retry(action));
    return;
  }
  post(`/api/outbox/${action.id}/retry`, { by: stored('name') }).then(
    () => { tell(`Call ${action.id} is sent again.`); refresh(); },
    (error) => tell(error instanceof Refusal ? `Refused: ${error.message}` : 'No connection. Try again.'));
}

// --- an emergency ---

function clockOf(e) {
  if (!e.next) return null;
  return make('div', { class: 'clock', role: 'timer', 'data-due': e.next.due_at,
    'data-step': STEPS[e.next.step] || e.next.step }, make('b', null), make('div', { class: 'dim' }));
}

function factsOf(e) {
  const thread = e.thread && fact('', e.thread_url ? link(e.thread_url, 'Slack thread') : 'Slack thread');
  return make('p', { class: 'facts' },
    fact('Customer', (e.organization && e.organization.name) || 'unknown'),
    fact('Engineer', e.engineer ? e.engineer.name : 'nobody yet'),
    fact('Opened', when(e.opened_at)),
    e.ticket && e.ticket.priority
      ? fact('Ticket', [e.ticket.priority, e.ticket.status].filter(Boolean).join(', ')) : null,
    e.bridge ? link(e.bridge.url, 'Join the bridge') : null, thread,
    e.runbook_url ? link(e.runbook_url, 'Runbook') : null,
    ...e.pages.map((page) => fact('Page', page.url ? link(page.url, page.incident_id) : page.incident_id,
      ` ${page.status || ''}`)));
}

function titleOf(e) {
  if (!e.ticket) return 'No ticket yet';
  return link(e.ticket.url, `#${e.ticket.id} ${e.ticket.subject || ''}`);
}

function holdOf(e) {
  if (e.state === 'closed') return make('p', null, `Closed: ${e.closed_why || 'nobody said why'}`);
  if (!e.held) return null;
  return make('p', { class: e.held === 'asked' ? 'asked' : 'dim' }, e.held_why || e.held);
}

function timelineOf(e) {
  return make('div', null, make('h4', null, 'Timeline, newest first'), make('ul', { class: 'rows' },
    ...[...e.timeline].reverse().map((entry) => make('li', null, when(entry.at), ' ',
      entry.by && !entry.text.includes(entry.by) ? make('b', null, `${entry.by}: `) : null,
      make('span', { class: 'text' }, entry.text)))));
}

function actionRow(action, ofWhom) {
  return make('li', { class: 'act' },
    make('span', null, make('b', null, `${ofWhom}${action.service}: ${action.kind.replaceAll('_', ' ')}`),
      ` ${action.state}`, action.attempts > 1 ? `, ${action.attempts} attempts` : '',
      action.error ? `: ${action.error}` : '', action.next_at ? ', next ' : null,
      action.next_at ? when(action.next_at) : null),
    action.state === 'parked' ? make('button', {
      type: 'button', 'data-key': `retry ${action.id}`, 'aria-label': `Send call ${action.id} again`,
      press: () => retry(action) }, 'Send again') : null);
}

function sideOf(e) {
  const others = e.commands.filter((name) => !e.buttons.includes(name) || AT_ONCE.includes(name));
  return make('div', null,
    make('h4', null, 'All commands'),
    make('div', { class: 'buttons' }, ...others.map((name) => commandButton(e.id, name, true))),
    e.checklist.length ? make('h4', null, 'After the call') : null,
    make('ul', { class: 'rows' }, ...e.checklist.map((row) => make('li', null,
      row.done_at ? '✓ ' : '☐ ', row.item, row.done_at ? ' ' : ': to be done',
      row.done_at ? when(row.done_at) : null))),
    make('h4', null, 'Calls to the services'),
    make('ul', { class: 'rows' }, ...[...e.actions].reverse().map((action) => actionRow(action, ''))));
}

function cardOf(e, details) {
  const refusal = board.refusals.get(e.id);
  const look = ['card', e.held === 'asked' ? 'asks-you' : '', e.state === 'paged' ? 'untaken' : ''];
  return make('article', { class: look.join(' ').trim(), id: `e${e.id}`, 'aria-label': `Emergency ${e.id}` },
    make('div', { class: 'top' },
      make('span', { class: 'number' }, `E${e.id}`),
      make('span', { class: `badge ${e.state}` }, e.state.replaceAll('_', ' ')),
      e.held ? make('span', { class: 'badge held' }, e.held) : null,
      e.dry_run ? make('span', { class: 'badge' }, 'dry run') : null, clockOf(e)),
    make('h3', null, titleOf(e)), factsOf(e), holdOf(e),
    refusal ? make('p', { class: 'refusal', role: 'alert' }, refusal) : null,
    buttonsOf(e, details),
    details ? make('div', { class: 'details' }, timelineOf(details), sideOf(details)) : null);
}

// --- showing ---

// What makes a card look different; the clock runs by itself.
function lookOf(e, details) {
  const still = (one) => one && { ...one, next: one.next && { ...one.next, in_s: 0 } };
  return JSON.stringify([still(e), still(details), board.busy.has(e.id), board.refusals.get(e.id),
    stored('name')]);
}

// Puts NODE in the place of OLD; whoever was on a button there stays on it.
function replace(old, node) {
  const key = old.contains(document.activeElement) && document.activeElement.dataset.key;
  old.replaceWith(node);
  if (!key) return;
  for (const other of node.querySelectorAll('[data-key]')) if (other.dataset.key === key) other.focus();
}

function showCards(emergencies, chosen) {
  const cards = at('cards');
  const ids = new Set(emergencies.map((e) => e.id));
  for (const [id, card] of board.cards) {
    if (ids.has(id)) continue;
    card.node.remove();
    board.cards.delete(id);
  }
  emergencies.forEach((e, i) => {
    const details = chosen && chosen.id === e.id ? chosen : null;
    const look = lookOf(e, details);
    let card = board.cards.get(e.id);
    if (!card || card.look !== look) {
      const node = cardOf(e, details);
      if (card) replace(card.node, node);
      card = { node, look };
      board.cards.set(e.id, card);
    }
    if (cards.children[i] !== card.node) cards.insertBefore(card.node, cards.children[i] || null);
  });
}

function showAsked(emergencies) {
  const asked = emergencies.filter((e) => e.held === 'asked');
  const untaken = emergencies.filter((e) => e.state === 'paged');
  const links = (list) => list.flatMap((e) => [make('a', { href: `#e${e.id}` }, `E${e.id}`), ' ']);
  const look = [...asked.map((e) => e.id), '/', ...untaken.map((e) => e.id)].join();
  if (showAsked.look !== look) {
    showAsked.look = look;
    at('asks').hidden = asked.length + untaken.length === 0;
    at('asks').replaceChildren(
      ...(asked.length ? ['A decision is asked: ', ...links(asked)] : []),
      ...(untaken.length ? ['Nobody has acknowledged: ', ...links(untaken)] : []));
  }
  document.title = `${asked.length + untaken.length ? '(!) ' : ''}${emergencies.length} open · Emergencies`;
}

function turnText(turn, word, time) {
  const value = turn && turn[time];
  if (!turn) return ['nobody'];
  return [make('b', null, turn.name || turn.email || 'unknown'), value ? ` ${word} ` : '', value ? when(value) : ''];
}

function showOncall(schedules) {
  at('nobody').hidden = schedules.some((schedule) => schedule.now || schedule.next);
  at('oncall-list').replaceChildren(...schedules.map((schedule) => make('li', null,
    `${ROLES[schedule.role] || schedule.role}${schedule.rung ? ` (${schedule.rung})` : ''}: `,
    ...turnText(schedule.now, 'until', 'until'), ', next ', ...turnText(schedule.next, 'from', 'from'))));
}

function showParked(actions) {
  at('parked').hidden = actions.length === 0;
  const list = make('ul', { id: 'parked-list', class: 'rows' }, ...actions.map((action) => actionRow(action,
    action.emergency ? `E${action.emergency}, ` : '')));
  replace(at('parked-list'), list);
}

function show() {
  if (!board.data) return;
  const { emergencies, chosen, more, oncall, parked } = board.data;
  const details = chosen && chosen.id === board.chosen ? chosen : null;
  const rows = [...emergencies].sort((a, b) => b.id - a.id);
  if (details && !rows.some((e) => e.id === details.id)) rows.push(details); // a closed one
  at('empty').hidden = emergencies.length > 0;
  at('more').hidden = !more;
  showCards(rows, details);
  showAsked(emergencies);
  showOncall(oncall);
  showParked(parked);
  tick();
}

function tick() {
  for (const clock of document.querySelectorAll('[data-due]')) {
    const leftMs = new Date(clock.dataset.due) - Date.now() - board.aheadMs;
    clock.firstChild.textContent = period(leftMs);
    clock.lastChild.textContent = leftMs >= 0 ? `until the ${clock.dataset.step}`
      : `since the ${clock.dataset.step} was due`;
    clock.classList.toggle('soon', leftMs < SOON_MS);
  }
}

function choose(id) {
  board.chosen = id;
  window.history.replaceState(null, '', id ? `#e${id}` : window.location.pathname);
  show();
  refresh();
}

function chooseByAddress() {
  const match = /^#e(\d+)$/.exec(window.location.hash);
  if (!match) return;
  choose(Number(match[1]));
  const card = at(`e${match[1]}`);
  if (card) card.scrollIntoView();
}

// --- closed ones ---

async function toggleClosed() {
  const list = at('closed-list');
  list.hidden = !list.hidden;
  at('closed-toggle').setAttribute('aria-expanded', String(!list.hidden));
  if (list.hidden) return;
  try {
    const { emergencies } = await (await call('/api/emergencies?state=closed')).json();
    list.replaceChildren(...emergencies.slice(0, 20).map((e) => make('li', null,
      make('a', { href: `#e${e.id}` }, `E${e.id} ${e.ticket ? `#${e.ticket.id} ${e.ticket.subject || ''}` : ''}`),
      ' ', e.closed_at ? when(e.closed_at) : null, e.closed_why ? `: ${e.closed_why}` : '')));
    if (!emergencies.length) list.replaceChildren(make('li', null, 'None.'));
  } catch (error) {
    list.replaceChildren(make('li', null, error instanceof Refusal ? error.message : 'No connection.'));
  }
}

// --- the beginning ---

at('form').addEventListener('submit', submit);
at('dialog-no').addEventListener('click', () => at('dialog').close('no'));
at('dialog').addEventListener('close', () => at('fields').replaceChildren());
at('token').addEventListener('click', askForToken);
at('me').addEventListener('click', () => askForName());
at('closed-toggle').addEventListener('click', toggleClosed);
at('zone').textContent = Intl.DateTimeFormat().resolvedOptions().timeZone;
window.addEventListener('hashchange', chooseByAddress);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return; // a phone that slept has lost its stream without noticing
  endStream();
  refresh();
});
window.setInterval(tick, 1000);
window.setInterval(refresh, POLL_MS);
showName();
chooseByAddress();
refresh().then(listenForEver);
