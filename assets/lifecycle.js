// Timers, the end of the session, and events of the tab.

let lastTick = Date.now();

/** Runs once a second while the room is shown. */
function tick() {
	const now = Date.now();
	// A computer that was asleep gets the second half of the timeout to reconnect.
	silentSeconds += Math.min(61, Math.abs(now - lastTick) / 1000);
	lastTick = now;
	if (!joined) return;
	if (connected) backoff = 0;
	if (silentSeconds > CONTACT_TIMEOUT) {
		return endSession(`No connection for two minutes, so this page was cleared. ${NEW_LINK_HINT}.`);
	}
	if (connected && probeSentAt && now - probeSentAt > 4000) reconnect();
	else if (connected && !polling && !probeSentAt && silentSeconds > 25) probe();
	// About twice a minute: a network that blocked WebSockets may not block them any more.
	else if (polling && !socket && Math.random() < 0.03) openSocket();
	for (const [n, until] of typingUntil) if (until < now) typingUntil.delete(n);
	const isOverdue = ({ sentAt }) => sentAt && now - sentAt > ANSWER_TIMEOUT;
	if (connected && [...pending.values()].some(isOverdue)) giveBackSent('It is not certain that a message was sent');
	renderStatus();
	sendPending();
}

function leave() {
	const line = '{"t":"leave"}';
	if (connected && polling) post('/poll', line, { headers: authorization(), keepalive: true }).catch(() => {});
	else if (connected) socket.send(line);
	endSession('Nothing is left on this page. Open the link again to come back.', 'You have left');
}

/** Clears the page: no name, message, draft or key stays in it. */
function endSession(text = 'The room was closed, and this page was cleared.', heading = 'This session has ended') {
	session = ticket = null;
	joined = connected = polling = false;
	notice = restored = nameInput.value = linkInput.value = messageBox.value = '';
	for (const collection of [participants, present, typingUntil, pending]) collection.clear();
	for (const element of [roster, status, typing]) element.replaceChildren();
	clearLog();
	const title = el('h1', { tabIndex: -1 }, heading);
	document.title = 'session ended';
	document.body.replaceChildren(el('main.narrow', {}, title, el('p', {}, text)));
	clearTimeout(retryTimer);
	closeSocket();
	history.replaceState(null, '', '/');
	title.focus();
	// The response has the browser clear its own caches and storage as well (Clear-Site-Data).
	post('/bye', '', { keepalive: true }).catch(() => {});
}

// Asks before a reload, which would lose the session.
addEventListener('beforeunload', (event) => {
	if (!joined) return;
	event.preventDefault();
	// Chrome before 119 asks for this only.
	event.returnValue = true;
});
addEventListener('pagehide', () => joined && leave());
// A page from the back/forward cache has ended; the join form is loaded anew.
addEventListener('pageshow', (event) => event.persisted && location.reload());
addEventListener('online', probe);
document.addEventListener('visibilitychange', () => {
	if (document.hidden || !joined) return;
	document.title = 'chattrace';
	showUnread();
	probe();
});
