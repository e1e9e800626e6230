// Timers, the end of the session, and events of the tab.

let lastTick = Date.now();
// Runs tick().
let ticker = 0;

/** Runs once a second while the room is shown. */
function tick() {
	const now = Date.now();
	const elapsed = (now - lastTick) / 1000;
	// A computer that was asleep gets the second half of the timeout to reconnect.
	silentSeconds += Math.min(61, Math.abs(elapsed));
	lastTick = now;
	if (!joined) return;
	if (connected) backoff = 0;
	if (silentSeconds > CONTACT_TIMEOUT) {
		return loseContact();
	}
	// The computer was asleep, or its clock was set: the welcome has the room's time.
	if (connected && (elapsed < 0 || elapsed > 90)) reconnect();
	else fadeLog();
	if (connected && probeSentAt && now - probeSentAt > PROBE_TIMEOUT) reconnect();
	else if (connected && !polling && !probeSentAt && silentSeconds > 25) probe();
	// About twice a minute: a network that blocked WebSockets may not block them any more.
	else if (polling && !socket && Math.random() < 0.03) openSocket();
	const isOverdue = ({ sentAt }) => sentAt && now - sentAt > ANSWER_TIMEOUT;
	if (connected && [...pending.values()].some(isOverdue)) giveBackSent('It is not certain that a message was sent');
	checkSize();
	renderRules();
	renderStatus();
	sendPending();
}

/** Ends the session on this page: no name, message, draft, key or ticket stays in it. */
function endSession(text = 'The room was closed, and this page was cleared.', heading = 'This session has ended') {
	clearPage(heading, text);
	forgetAddress();
}

/** Clears the page, and shows why; the address stays. */
function clearPage(heading, ...texts) {
	session = ticket = null;
	joined = connected = polling = false;
	notice = restored = publicAddress = nameInput.value = linkInput.value = messageBox.value = inviteLink.value = '';
	rules = {};
	for (const collection of [participants, present, typingUntil, pending]) collection.clear();
	for (const element of [roster, status, typing]) element.replaceChildren();
	clearLog();
	unsent.replaceChildren();
	const title = el('h1', { tabIndex: -1 }, heading);
	document.title = 'session ended';
	document.documentElement.className = '';
	document.body.replaceChildren(el('main.narrow', {}, title, ...texts.map((text) => el('p', {}, text))));
	clearTimeout(retryTimer);
	closeSocket();
	title.focus();
	// The response has the browser clear its own caches and storage as well (Clear-Site-Data).
	post('/bye', '', { keepalive: true }).catch(() => {});
}

// Asks before a reload, which would lose what is shown and the draft.
addEventListener('beforeunload', (event) => {
	if (!joined && !messageBox.value) return;
	event.preventDefault();
	// Chrome before 119 asks for this only.
	event.returnValue = true;
});
addEventListener('pagehide', () => {
	if (!session && !messageBox.value) return;
	sendLeave(true);
	// The address stays: a reload, or a way back, leads to the join form.
	clearPage('You have left');
});
// A page from the back/forward cache has ended; the join form is loaded anew.
addEventListener('pageshow', (event) => event.persisted && location.reload());
addEventListener('online', probe);
addEventListener('offline', () => connected && reconnect());
document.addEventListener('visibilitychange', () => {
	if (document.hidden || !joined) return;
	fadeLog();
	showUnread();
	renderStatus();
	probe();
});
