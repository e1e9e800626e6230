// The room as it is shown: roster, status bar, and the log (log.js).

const [rosterTitle, typing] = ['h2', 'p.typing'].map((spec) => el(spec, {}));
const roster = el('ul', { id: 'people', tabIndex: 0 });
// Shows and hides the list on a narrow screen; a wide one always shows it, with the title.
const peopleButton = el('button.people', { 'aria-expanded': false, 'aria-controls': 'people', onclick: togglePeople });
const status = el('p', { role: 'status' });
const statusBar = el('div.status-bar', {}, status, typing, sizeText, rulesLine);

function showRoom() {
	joined = true;
	keepForReload();
	logView.prepend(invite);
	const aside = el('section.roster', { 'aria-label': 'Who is here' }, rosterTitle, peopleButton, roster);
	const form = el('form', { onsubmit: submitMessage }, messageBox, sendButton);
	document.body.replaceChildren(
		el('a.skip', { href: '#message', onclick: skipToMessage }, 'Skip to the message box'),
		el('header', {}, el('h1', {}, 'chattrace'), readers, leaveButton),
		el('main.room', {}, aside, logView, newMessages, statusBar, form),
	);
	// In a room, a pull at its upper end must not reload the page.
	document.documentElement.className = 'in-room';
	clearInterval(ticker);
	ticker = setInterval(tick, 1000);
	messageBox.focus();
}

/** Moves the focus only: to follow the link would add the address with the ticket to the history. */
function skipToMessage(event) {
	event.preventDefault();
	messageBox.focus();
}

/** A name in its colour, with the tag that distinguishes participants of the same name. */
function participantName(n) {
	if (!n) return el('bdi.host', {}, 'the host');
	const { name, tag } = participants.get(n) || { name: '?', tag: n };
	return el('span.name', { style: `color: hsl(${n * 45} 70% var(--light))` }, el('bdi', {}, name), el('span.tag', {}, '#' + tag));
}

function renderRoster() {
	const limit = present.size > maxPeople * 0.8 ? ` of at most ${maxPeople}` : '';
	rosterTitle.textContent = `Here: ${present.size}${limit}`;
	peopleButton.textContent = `${present.size}${limit} here`;
	renderInvite();
	roster.replaceChildren(...[...present].map((n) => el('li', {}, participantName(n), n === session.n ? ' you' : '')), ...ROSTER_END);
}

function togglePeople() {
	peopleButton.setAttribute('aria-expanded', peopleButton.getAttribute('aria-expanded') === 'false');
}

/** Shows a notice in place of the state of the connection, until `holds` returns false. */
function notify(text, holds) {
	notice = text;
	noticeHolds = holds;
}

/** Whether fewer than these seconds have passed since this call. */
function within(seconds) {
	const until = Date.now() + seconds * 1000;
	return () => Date.now() < until;
}

/** The connection or a notice, and who is typing. */
function renderStatus() {
	if (messageBox.readOnly && !isMuted()) notify('You can write again', within(4));
	messageBox.readOnly = sendButton.disabled = isMuted();
	if (notice && !noticeHolds()) notice = '';
	const text = connected ? notice || waitingText() || (polling ? 'Connected by polling' : 'Connected') : disconnectedText();
	if (status.textContent !== text) status.textContent = text;
	statusBar.classList.toggle('disconnected', !connected || notice || waitingText());
	if (joined) document.title = (document.hidden && unreadCount ? `(${unreadCount}) ` : '') + (connected ? 'chattrace' : 'offline – chattrace');
	renderLeaveButton();
	renderTyping();
}

function disconnectedText() {
	if (silentSeconds >= 60) {
		// In steps of ten seconds, because a screen reader speaks every change.
		const seconds = Math.ceil((CONTACT_TIMEOUT - silentSeconds) / 10) * 10;
		return `Disconnected; messages are cleared in ${seconds} s, your draft stays`;
	}
	return 'Disconnected, trying to reconnect' + (silentSeconds < 15 ? '' : '. ' + NEW_LINK_HINT);
}
