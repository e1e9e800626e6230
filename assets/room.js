// The room as it is shown: roster, status bar, and the log (log.js).

const [roster, rosterTitle, typing] = ['ul', 'h2', 'p.typing'].map((spec) => el(spec, {}));
const status = el('p', { role: 'status' });
const statusBar = el('div.status-bar', {}, status, typing, sizeText);

function showRoom() {
	joined = true;
	const aside = el('section.roster', { 'aria-label': 'Who is here', tabIndex: 0 }, rosterTitle, roster);
	const form = el('form', { onsubmit: submitMessage }, messageBox, el('button', {}, 'Send'));
	document.body.replaceChildren(
		el('a.skip', { href: '#message' }, 'Skip to the message box'),
		el('header', {}, el('h1', {}, 'chattrace'), el('button', { onclick: leave }, 'Leave')),
		el('main.room', {}, aside, logView, newMessages, statusBar, form),
	);
	setInterval(tick, 1000);
	messageBox.focus();
}

/** A name in its colour, with the tag that distinguishes participants of the same name. */
function participantName(n) {
	const { name, tag } = participants.get(n) || { name: '?', tag: n };
	return el('span.name', { style: `color: hsl(${n * 45} 70% var(--light))` }, el('bdi', {}, name), el('span.tag', {}, '#' + tag));
}

function renderRoster() {
	rosterTitle.textContent = 'Here: ' + present.size;
	roster.replaceChildren(...[...present].map((n) => el('li', {}, participantName(n), n === session.n ? ' you' : '')));
}

/** Shows a notice in place of the state of the connection, until `holds` returns false. */
function notify(text, holds) {
	notice = text;
	noticeHolds = holds;
}

/** The connection or a notice, and up to three participants who are typing. */
function renderStatus() {
	if (notice && !noticeHolds()) notice = '';
	const text = connected ? notice || (polling ? 'Connected by polling' : 'Connected') : disconnectedText();
	if (status.textContent !== text) status.textContent = text;
	statusBar.classList.toggle('disconnected', !connected || notice);
	const names = [...typingUntil.keys()].slice(0, 3);
	typing.replaceChildren(...names.flatMap((n) => [participantName(n), ' is typing… ']));
}

function disconnectedText() {
	if (silentSeconds >= 60) {
		// In steps of ten seconds, because a screen reader speaks every change.
		const seconds = Math.ceil((CONTACT_TIMEOUT - silentSeconds) / 10) * 10;
		return `Disconnected; this page clears itself in ${seconds} s`;
	}
	return 'Disconnected, trying to reconnect' + (silentSeconds < 15 ? '' : '. ' + NEW_LINK_HINT);
}
