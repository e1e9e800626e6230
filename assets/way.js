'use strict';
// One tab, one seat in one room, kept in the variables of this file and nowhere else.
// What others wrote reaches the document as text only.

const LINES = 500; // The oldest go first, as in the server's ring.
const SILENCE = 120; // Seconds without contact after which the page empties itself.
const WAITING = 10; // Unanswered own lines; the server can tell 32 from repeats.
const { maxName, messageBytes } = document.body.dataset;

const findTicket = (text) => /(?:^|\/t\/|#1\.)([\w-]{22})\/?$/.exec(text.trim())?.[1];
let ticket = findTicket(location.pathname + location.hash);
// In the address it would be seen, copied and kept.
history.replaceState(null, '', '/');

/** Builds an element; `kind` is tag or tag.class. Strings become text, never markup. */
function el(kind, props, ...children) {
	const [tag, className] = kind.split('.');
	const made = document.createElement(tag);
	if (className) made.className = className;
	for (const key in props) {
		if (key in made) made[key] = props[key];
		else made.setAttribute(key, props[key]);
	}
	made.append(...children);
	return made;
}

const known = new Map(); // Number to {n, tag, name}; those who left stay, for their lines.
const here = new Set();
const typists = new Map(); // Number to the time at which "is typing" fades.
const pending = new Map(); // Own lines without an answer: ref to {body, line, sent}.
let seat = null; // From the join to the end: {name, resume, epoch, n, last, start}.
let inside = false; // Admitted, and not at the end yet.
let [live, polling] = [false, false];
let silence = 0; // Seconds since the room was last heard.
let follows = true; // The log shows its end.
let returned = ''; // What refusals have put back at the head of the box.
let notice = '';
let [unread, refs, typedAt] = [0, 0, 0];

// ---- the way to the room: WebSocket, or long poll after three failures

let socket = null;
let failures = 0; // WebSocket tries in a row that were never answered.
let polls = 0; // Number of the newest poll, which ended the older ones.
let blocked = 0; // Until then an own line is on its way by poll, and the next waits.
let asked = 0; // When a beat was sent that is still unanswered.
let [pause, retry] = [0, 0];

function connect() {
	clearTimeout(retry);
	polling = failures > 2 && !polling; // In turns, when neither works.
	if (polling) poll(joinLine(), {});
	else openSocket();
}

function joinLine() {
	const { name, resume, last, start } = seat;
	return JSON.stringify({ t: 'join', name, ticket, ...(resume && { resume, after: last || start }) });
}

function openSocket() {
	dropSocket();
	const mine = (socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws'));
	let answered = false;
	const late = setTimeout(() => mine.onclose({}), 4000);
	mine.onopen = () => mine.send(joinLine());
	mine.onmessage = ({ data }) => {
		if (mine !== socket) return;
		if (!answered) polling = false;
		answered = true;
		failures = 0;
		clearTimeout(late);
		receive(data);
	};
	mine.onclose = ({ code }) => {
		clearTimeout(late);
		if (mine !== socket) return;
		dropSocket();
		if (code === 4000) over();
		if (!answered) failures += 1;
		if (!polling) lost();
	};
}

function dropSocket() {
	socket?.close();
	socket = null;
}

const bearer = () => ({ Authorization: 'Bearer ' + seat.resume });
const post = (path, body, rest) => fetch(path, { method: 'POST', body, ...rest });

/** Hands in one line, or none, and waits for events. */
async function poll(line, headers = bearer()) {
	const mine = (polls += 1);
	const path = '/poll?after=' + (seat.last || seat.start || 0);
	try {
		const answer = await post(path, line, { headers, signal: AbortSignal.timeout(35000) });
		const text = await answer.text();
		if (polling) receive(text);
		if (!polling) return;
		if (!answer.ok) throw answer.status;
		silence = 0;
		if (mine !== polls) return;
		blocked = 0;
		// Empty answers at once must not become a storm of requests.
		if (!flush()) setTimeout(() => mine === polls && polling && poll(''), text ? 0 : 300);
	} catch {
		// An older one too may have lost a line; joining again repeats it.
		if (polling) lost();
	}
}

/** The way is gone: tries again, later each time. */
function lost() {
	if (!seat) return;
	live = false;
	polls += 1;
	dropSocket();
	if (!inside && polling) return refuse({ text: 'The room cannot be reached. Try again in a moment.' });
	pause = Math.min(15000, pause * 2 || 300);
	clearTimeout(retry);
	retry = setTimeout(connect, pause * (0.5 + Math.random() / 2));
	showState();
}

function transmit(event) {
	const line = JSON.stringify(event);
	if (live && polling) poll(line);
	else if (live) socket.send(line);
}

/** Sends own lines that are not on their way, and tells whether there were any. */
function flush() {
	if (!live || (polling && Date.now() < blocked)) return false;
	let any = false;
	for (const [ref, own] of pending) {
		if (own.sent || (any && polling)) continue;
		any = own.sent = true;
		blocked = Date.now() + 3000;
		transmit({ t: 'say', ref, body: own.body });
	}
	return any;
}

/** Asks for a sign of life. */
function probe() {
	if (live) {
		asked = Date.now();
		transmit({ t: 'beat' });
	} else if (inside && !socket) {
		connect();
	}
}

