// Events from the server.

/** Handles the lines of one WebSocket frame or poll response: one event each. */
function receive(text) {
	for (const line of text.split('\n')) if (line && session) handleEvent(JSON.parse(line));
	sendPending();
}

function handleEvent(event) {
	silentSeconds = probeSentAt = 0;
	if (event.seq && event.t !== 'welcome') {
		// After a reconnect, events can arrive twice.
		if (event.seq <= session.lastSeq) return;
		session.lastSeq = event.seq;
	}
	handlers[event.t]?.(event);
	renderStatus();
}

const handlers = {
	welcome({ epoch, you, resume, seq, present: others, gone = [] }) {
		// Another epoch: the server was restarted, and the session shown here is over.
		if (joined && session.epoch !== epoch) return endSession();
		session = { joinSeq: seq, ...session, epoch, resume, n: you.n, name: you.name };
		present.clear();
		for (const who of [...gone, you, ...others]) participants.set(who.n, who);
		for (const who of [you, ...others]) present.add(who.n);
		for (const own of pending.values()) own.sent = false;
		connected = true;
		inFlightUntil = 0;
		if (!joined) showRoom();
		renderRoster();
	},
	joined({ who }) {
		participants.set(who.n, who);
		present.add(who.n);
		showPresenceChange(who.n, ' joined');
	},
	left({ n }) {
		present.delete(n);
		typingUntil.delete(n);
		showPresenceChange(n, ' left');
	},
	said({ n, at, ref, body }) {
		typingUntil.delete(n);
		if (n === session.n) removePending(ref);
		addLine(messageLine(n, at, body));
		if (document.hidden) document.title = `(${(unreadCount += 1)}) chattrace`;
	},
	moved: ({ url }) => addLine(el('p.line', {}, 'The room has a new link: ', ...linkify(`${url}/t/${ticket}`))),
	typing: ({ n }) => typingUntil.set(n, Date.now() + 4000),
	gap: ({ missed }) => addLine(el('p.line dim', {}, 'Missed messages: ' + missed)),
	refused(event) {
		if (!joined) return showRefusal(event);
		const own = removePending(event.ref);
		if (own) restoreDraft(own.body);
		else if (!connected) return endSession(event.text);
		notice = event.text;
	},
	end: ({ text }) => endSession(text),
};

function removePending(ref) {
	const own = pending.get(ref);
	own?.line.remove();
	pending.delete(ref);
	return own;
}
