// ---- what the room says

function receive(text) {
	for (const line of text.split('\n')) if (line && seat) hear(JSON.parse(line));
	flush();
}

function hear(event) {
	silence = asked = 0;
	if (event.seq && event.t !== 'welcome') {
		if (event.seq <= seat.last) return;
		seat.last = event.seq;
	}
	on[event.t]?.(event);
	showState();
}

const on = {
	welcome({ epoch, you, resume, seq, present, gone = [] }) {
		// The server was started anew: the session shown here is over.
		if (inside && seat.epoch !== epoch) return over();
		seat = { start: seq, ...seat, epoch, resume, n: you.n, name: you.name };
		here.clear();
		for (const who of [...gone, you, ...present]) known.set(who.n, who);
		for (const who of [you, ...present]) here.add(who.n);
		for (const own of pending.values()) own.sent = false;
		live = true;
		blocked = 0;
		if (!inside) showRoom();
		showPeople();
	},
	joined({ who }) {
		known.set(who.n, who);
		here.add(who.n);
		cameOrWent(who.n, ' joined');
	},
	left({ n }) {
		here.delete(n);
		typists.delete(n);
		cameOrWent(n, ' left');
	},
	said({ n, at, ref, body }) {
		typists.delete(n);
		if (n === seat.n) settle(ref);
		addLine(message(n, at, body));
		if (document.hidden) document.title = `(${(unread += 1)}) chattrace`;
	},
	moved: ({ url }) => addLine(el('p.line', {}, 'The link is another one now: ', ...linked(`${url}/t/${ticket}`))),
	typing: ({ n }) => typists.set(n, Date.now() + 4000),
	gap: ({ missed }) => addLine(el('p.line dim', {}, missed + ' lines were missed')),
	refused(event) {
		if (!inside) return refuse(event);
		const own = settle(event.ref);
		if (own) putBack(own.body);
		else if (!live) return over(event.text);
		notice = event.text;
	},
	end: ({ text }) => over(text),
};

function settle(ref) {
	const own = pending.get(ref);
	own?.line.remove();
	pending.delete(ref);
	return own;
}

// ---- the gate

const plain = { autocomplete: 'off', spellcheck: false, writingsuggestions: 'false' };
const nameField = el('input', { id: 'name', maxLength: 80, 'aria-describedby': 'why', ...plain });
const nameLabel = el('label', { htmlFor: 'name' }, `Your name here (up to ${maxName} letters)`);
const linkField = el('input', { id: 'link', 'aria-describedby': 'why', ...plain });
const linkLabel = el('label', { htmlFor: 'link' }, 'Link or ticket');
const why = el('p', { id: 'why', role: 'alert' });
const joinButton = el('button', {}, 'Join');
const gate = el('form', { onsubmit: join }, nameLabel, nameField, linkLabel, linkField, why, joinButton);
document.querySelector('main').append(gate);
linkLabel.hidden = linkField.hidden = !!ticket;
nameField.focus();

function join(event) {
	event.preventDefault();
	if (seat) return;
	if (!linkField.hidden) ticket = findTicket(linkField.value);
	if (!ticket) return refuse({ text: 'This is no link to a room. Paste the whole link.', why: 'bad_ticket' });
	seat = { name: nameField.value, last: 0 };
	why.textContent = '';
	joinButton.textContent = 'Joining…';
	failures = pause = 0;
	connect();
}

/** Not admitted: says why, keeps what was typed, and puts the focus where it can be mended. */
function refuse({ text, why: reason, suggest }) {
	seat = null;
	polling = false;
	dropSocket();
	joinButton.textContent = 'Join';
	why.textContent = text;
	if (suggest) nameField.value = suggest;
	const badLink = reason === 'bad_ticket';
	if (badLink) linkLabel.hidden = linkField.hidden = false;
	(badLink ? linkField : nameField).select();
}

// ---- the room

const field = { id: 'say', rows: 1, enterKeyHint: 'send', 'aria-label': 'Message', ...plain };
const box = el('textarea', { ...field, oninput: typed, onkeydown: key });
const region = { role: 'log', 'aria-live': 'polite', 'aria-label': 'Messages', tabIndex: 0 };
const log = el('div.log', { ...region, onscroll });
const more = el('button.more', { hidden: true, onclick: toEnd }, 'New messages below');
const [people, count, typing, counter] = ['ul', 'h2', 'p.typing', 'p'].map((kind) => el(kind, {}));
const status = el('p', { role: 'status' });
const bar = el('div.bar', {}, status, typing, counter);

function showRoom() {
	inside = true;
	const roster = el('section.people', { 'aria-label': 'Who is here', tabIndex: 0 }, count, people);
	document.body.replaceChildren(
		el('a.skip', { href: '#say' }, 'Skip to the message box'),
		el('header', {}, el('h1', {}, 'chattrace'), el('button', { onclick: leave }, 'Leave')),
		el('main.room', {}, roster, log, more, bar, el('form', { onsubmit: say }, box, el('button', {}, 'Send'))),
	);
	setInterval(tick, 1000);
	box.focus();
}

/** A name in its colour, with the tag that tells it from a name that only looks the same. */
function person(n) {
	const { name, tag } = known.get(n) || { name: '?', tag: n };
	return el('span.who c' + (n % 8), {}, el('bdi', {}, name), el('span.tag', {}, '#' + tag));
}

function message(n, at, body) {
	const time = at ? new Date(at).toTimeString().slice(0, 5) : '··:··';
	const text = el('p', { dir: 'auto' }, ...linked(body));
	return el(at ? 'div.line said' : 'div.line said dim', {}, el('time', {}, time), person(n), text);
}

/** Splits a text into text and links. A link shows where it leads, in ASCII, from left to right. */
function linked(body) {
	return body.split(/(https?:\/\/[^\s<>"]*[^\s<>"'.,;:!?)\]])/i).map((part, index) => {
		if (index % 2 === 0 || !URL.canParse(part)) return part;
		const { href, hostname } = new URL(part);
		// User info poses as a host, and so do signs in one; of a long one only the beginning is read.
		if (/^[^:]+:[\\/]+[^\\/?#]*@/.test(part) || !/^([a-z\d]([a-z\d.-]{0,78}[a-z\d])?|\[[\da-f:]+\])$/.test(hostname)) return part;
		return el('a', { href, dir: 'ltr', target: '_blank', rel: 'noreferrer noopener nofollow' }, href);
	});
}

function onscroll() {
	follows = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
	if (follows) more.hidden = true;
}

// Also when a phone's keyboard takes half of the screen.
new ResizeObserver(() => follows && toEnd()).observe(log);

function addLine(line) {
	log.append(line);
	if (log.childElementCount > LINES) log.firstElementChild.remove();
	if (follows) toEnd();
	else more.hidden = false;
}

function toEnd() {
	log.scrollTop = log.scrollHeight;
	more.hidden = true;
}

function cameOrWent(n, what) {
	showPeople();
	addLine(el('p.line dim', {}, person(n), what));
}

function showPeople() {
	count.textContent = 'Here: ' + here.size;
	people.replaceChildren(...[...here].map((n) => el('li', {}, person(n), n === seat.n ? ' you' : '')));
}

/** Connection, the last refusal, and who is typing. */
function showState() {
	// In steps of ten: a screen reader speaks every change.
	const rest = Math.ceil((SILENCE - silence) / 10) * 10;
	const elsewhere = silence < 15 ? '' : '. The link may be another one now: ask who invited you';
	let text = notice || (polling ? 'Connected by polling' : 'Connected');
	if (!live) text = silence < 60 ? 'Cut off, trying again' + elsewhere : `Cut off; this page empties itself in ${rest} s`;
	if (status.textContent !== text) status.textContent = text;
	bar.classList.toggle('cut', !live || notice);
	const names = [...typists.keys()].slice(0, 3);
	typing.replaceChildren(...names.flatMap((n) => [person(n), ' is typing… ']));
}

const bytes = (text) => new Blob([text]).size;

function typed() {
	const size = bytes(box.value);
	counter.textContent = size > messageBytes * 0.8 ? `${size} of ${messageBytes} bytes` : '';
	if (!size || Date.now() - typedAt < 2000) return;
	typedAt = Date.now();
	transmit({ t: 'typing' });
}

function key(event) {
	// Enter that ends a composition belongs to the input method.
	if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) say(event);
}

function say(event) {
	event.preventDefault();
	const body = box.value.trimEnd();
	if (!body) return;
	notice = '';
	if (bytes(body) > messageBytes) notice = 'Too long: ' + counter.textContent;
	else if (pending.size >= WAITING) notice = 'Earlier lines are still on their way';
	else {
		box.value = returned = counter.textContent = '';
		const line = message(seat.n, 0, body);
		pending.set(String((refs += 1)), { body, line, sent: false });
		addLine(line);
		toEnd();
		flush();
	}
	showState();
	box.focus();
}

/** Puts a refused line back before what was typed since, and after what was put back earlier. */
function putBack(body) {
	const head = box.value.startsWith(returned) ? returned : '';
	const rest = box.value.slice(head.length);
	returned = head + body + '\n';
	box.value = returned + rest;
}

// ---- time, and the end

let ticked = Date.now();

function tick() {
	const time = Date.now();
	// A machine that slept gets the rest of the time to find the room again.
	silence += Math.min(61, Math.abs(time - ticked) / 1000);
	ticked = time;
	if (!inside) return;
	if (live) pause = 0;
	if (silence > SILENCE) return over('No contact for two minutes: this page was emptied. The room may have another link now: ask who invited you.');
	if (live && asked && time - asked > 4000) lost();
	else if (live && !polling && !asked && silence > 25) probe();
	else if (polling && !socket && Math.random() < 0.03) openSocket(); // It may pass again.
	for (const [n, until] of typists) if (until < time) typists.delete(n);
	showState();
	flush();
}

function leave() {
	const line = '{"t":"leave"}';
	if (live && polling) post('/poll', line, { headers: bearer(), keepalive: true }).catch(() => {});
	else if (live) socket.send(line);
	over('Nothing is left on this page. Open the link again to come back.', 'You have left');
}

/** Empties the page: no name, no line, no draft, no key is left in it. */
function over(text = 'The room was closed, and this page emptied.', heading = 'This session has ended') {
	seat = ticket = null;
	inside = live = polling = false;
	notice = returned = nameField.value = linkField.value = box.value = '';
	for (const kept of [known, here, typists, pending]) kept.clear();
	for (const shown of [log, people, status, typing]) shown.replaceChildren();
	clearTimeout(retry);
	dropSocket();
	history.replaceState(null, '', '/');
	document.title = 'session ended';
	const title = el('h1', { tabIndex: -1 }, heading);
	document.body.replaceChildren(el('main.gate', {}, title, el('p', {}, text)));
	title.focus();
	// The browser, too, drops what it may have kept.
	post('/bye', '', { keepalive: true }).catch(() => {});
}

// A reload would lose the seat.
addEventListener('beforeunload', (event) => inside && event.preventDefault());
addEventListener('pagehide', () => inside && leave());
addEventListener('pageshow', (event) => event.persisted && location.reload());
addEventListener('online', probe);
document.addEventListener('visibilitychange', () => {
	if (document.hidden || !inside) return;
	document.title = 'chattrace';
	unread = 0;
	probe();
});
