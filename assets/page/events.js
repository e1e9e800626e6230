// Events from the server.

/** Handles the lines of one WebSocket frame or poll response: one event each. Returns when all are handled. */
function receive(text) {
	for (const line of text.split('\n')) if (line) handleLine(line);
	return inOrder(sendPending);
}

/** One line that cannot be shown keeps back none of the others. */
function addUnreadable() {
	addNote('A line cannot be shown in this browser');
}

/** Whether the event is new: after a reconnect, events can arrive twice. */
function isNew({ seq, t }) {
	silentSeconds = probeSentAt = 0;
	if (!seq || t === 'welcome') return true;
	if (seq <= session.lastSeq) return false;
	session.lastSeq = seq;
	return true;
}

/** Shows an event, in clear. */
function handleEvent(event) {
	handlers[event.t]?.(event);
	renderStatus();
}

const handlers = {
	welcome({ epoch, you, resume = session.resume, seq, present: others, gone = [], limits, public: address, rules: current }) {
		// Another epoch: the server was restarted, and the session shown here is over.
		if (joined && session.epoch !== epoch) return endSession();
		session = { joinSeq: seq, ...session, epoch, resume, ...(you && { n: you.n, name: you.name }) };
		startRules(current);
		resendPending();
		// In a sealed room, one who goes on in the ring knows who is here.
		if (!you) return;
		present.clear();
		for (const who of [...gone, you, ...others]) participants.set(who.n, who);
		for (const who of [you, ...others]) present.add(who.n);
		setLimits(limits);
		setPublicAddress(address);
		renderRoster();
		// With its final height, because the message box is scrolled into view.
		if (!joined) showRoom();
	},
	joined({ who, at = Date.now() }) {
		participants.set(who.n, who);
		present.add(who.n);
		renderRoster();
		addPresenceChange(who.n, at, 'joined');
	},
	left({ who, n = who.n, at = Date.now() }) {
		present.delete(n);
		renderRoster();
		addPresenceChange(n, at, 'left');
	},
	said({ n, at, ref, body }) {
		const isOwn = n === session.n;
		if (isOwn) {
			removePending(ref);
			nextMessageAt = at + rules.slow * 1000;
		}
		addLine(messageLine(n, at, body), !isOwn);
	},
	gap: ({ missed }) => addNote('Missed messages: ' + missed),
	rules: setRules,
	cleared() {
		clearLog();
		addNote('The host cleared the messages');
	},
	refused(event) {
		const { ref, why, text, seconds } = event;
		if (!joined) return showRefusal(event);
		if (!connected) {
			// Of too many that join at this moment, the page is one that tries again.
			if (why !== 'too_fast') endSession(text);
			return;
		}
		if (pending.has(ref)) giveBack(ref);
		// Without a seat, the page joins again, and sends its messages then.
		else if (why !== 'bad_ticket' && why !== 'muted') giveBackSent();
		const until = roomTime() + seconds * 1000;
		if (why === 'muted') mutedUntil = until || Infinity;
		if (why === 'slow') nextMessageAt = until;
		checkSize();
		// One may send again after a second, and reads for longer.
		notify(text, { muted: isMuted, slow: isSlowed, too_fast: within(4) }[why] || isGivenBack);
	},
	unmuted: () => (mutedUntil = 0),
	waiting: showWaiting,
	removed: ({ text }) => endSession(text, 'You were removed'),
	end: ({ text }) => endSession(text),
};

/** The connection carries messages again; those without an answer are sent again. */
function resendPending() {
	for (const own of pending.values()) own.sentAt = 0;
	connected = true;
	clearTimeout(retryTimer);
	inFlightUntil = 0;
	// If it still holds, the room says so at once.
	mutedUntil = Math.min(mutedUntil, roomTime() + 1000);
}

function removePending(ref) {
	const own = pending.get(ref);
	if (own) removeUnsent(own.line);
	pending.delete(ref);
	return own;
}

/** Puts a message that was refused back into the message box. */
function giveBack(ref) {
	const own = removePending(ref);
	discardWireBody(own);
	nextMessageAt = 0;
	restoreDraft(own.body);
}

/** Does so with all that were sent and have no answer, when it is not known which of them is refused. */
function giveBackSent(reason = 'A message was not accepted') {
	for (const [ref, { sentAt }] of pending) if (sentAt) giveBack(ref);
	notify(reason + '. It is back in the message box', isGivenBack);
}
