// The room as it is shown: log, roster, status bar.

const log = el('div.log', {
	role: 'log',
	'aria-live': 'polite',
	'aria-label': 'Messages',
	tabIndex: 0,
	onscroll: onLogScroll,
});
const newMessages = el('button.new-messages', { hidden: true, onclick: scrollToEnd }, 'New messages below');
const [rosterTitle, typing] = ['h2', 'p.typing'].map((spec) => el(spec, {}));
const roster = el('ul', { id: 'people', tabIndex: 0 });
// Shows and hides the list on a narrow screen; a wide one always shows it, with the title.
const peopleButton = el('button.people', { 'aria-expanded': false, 'aria-controls': 'people', onclick: togglePeople });
const status = el('p', { role: 'status' });
const statusBar = el('div.status-bar', {}, status, typing, sizeText);

function showRoom() {
	joined = true;
	const aside = el('section.roster', { 'aria-label': 'Who is here' }, rosterTitle, peopleButton, roster);
	const form = el('form', { onsubmit: submitMessage }, messageBox, el('button', {}, 'Send'));
	document.body.replaceChildren(
		el('a.skip', { href: '#message' }, 'Skip to the message box'),
		el('header', {}, el('h1', {}, 'chattrace'), el('button', { onclick: leave }, 'Leave')),
		el('main.room', {}, aside, log, newMessages, statusBar, form),
	);
	setInterval(tick, 1000);
	messageBox.focus();
}

/** A name in its colour, with the tag that distinguishes participants of the same name. */
function participantName(n) {
	const { name, tag } = participants.get(n) || { name: '?', tag: n };
	return el('span.name', { style: `color: hsl(${n * 45} 70% var(--light))` }, el('bdi', {}, name), el('span.tag', {}, '#' + tag));
}

/** A message; `at` is 0 for an own one that the server has not accepted yet. */
function messageLine(n, at, body) {
	const time = at ? new Date(at).toTimeString().slice(0, 5) : '··:··';
	const text = el('p', { dir: 'auto' }, ...linkify(body));
	return el(at ? 'div.line message' : 'div.line message dim', {}, el('time', {}, time), participantName(n), text);
}

function onLogScroll() {
	followsLog = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
	if (followsLog) newMessages.hidden = true;
}

// The log also shrinks when a phone's keyboard opens.
new ResizeObserver(() => followsLog && scrollToEnd()).observe(log);

function addLine(line) {
	log.append(line);
	if (log.childElementCount > MAX_LOG_LINES) log.firstElementChild.remove();
	if (followsLog) scrollToEnd();
	else newMessages.hidden = false;
}

function scrollToEnd() {
	log.scrollTop = log.scrollHeight;
	newMessages.hidden = true;
}

function showPresenceChange(n, change) {
	renderRoster();
	addLine(el('p.line dim', {}, participantName(n), change));
}

function renderRoster() {
	rosterTitle.textContent = 'Here: ' + present.size;
	peopleButton.textContent = present.size + ' here';
	roster.replaceChildren(...[...present].map((n) => el('li', {}, participantName(n), n === session.n ? ' you' : '')));
}

function togglePeople() {
	peopleButton.setAttribute('aria-expanded', peopleButton.getAttribute('aria-expanded') === 'false');
}

/** The connection or a notice, and up to three participants who are typing. */
function renderStatus() {
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
