// What only a sealed room has: the handshake before the join, and what is shown of boxes.

// The largest content is 8190 bytes; signature, kind and counter come before the text.
const MAX_TEXT_BYTES = 8190 - SIGNATURE_LENGTH - 5;
const ROSTER_END = [el('li.dim', {}, 'the host')];
const readersText = () => 'Can read along: only the people listed here, and the host. The host’s key confirms the list.';

// The events and the own messages, one after the other: to open and to seal takes a moment.
let queue = Promise.resolve();
const inOrder = (task) => (queue = queue.then(task).catch(() => {}));

/** The first line of a connection: the way back, or the first message of a new handshake. */
async function firstLine() {
	const { resume, lastSeq, joinSeq, isBehind } = session;
	// After a generation was missed, the room is joined as it is now.
	if (resume) return JSON.stringify({ t: 'join', resume, ...(!isBehind && { after: lastSeq || joinSeq }) });
	const guest = createGuest(ticket);
	session.guest = guest;
	session.knock = null;
	return JSON.stringify({ t: 'knock', ...(await guest.knock()) });
}

function handleLine(line) {
	// Until the line is read, the page may be cleared, or begin another handshake.
	const guest = session?.guest;
	const isCurrent = () => guest && session?.guest === guest;
	inOrder(async () => {
		try {
			const event = isCurrent() && JSON.parse(line);
			if (!event || !isNew(event)) return;
			for (const shown of await sealedEvents(event, guest)) if (isCurrent()) handleEvent(shown);
		} catch (error) {
			if (!isCurrent()) return;
			if (error instanceof Violation) endSession(error.message, 'This page has ended the session');
			else addUnreadable();
		}
	});
}

/** What a line means, in clear. */
async function sealedEvents(event, guest) {
	if (event.t === 'answer') {
		session.knock = event.knock;
		isInvite = event.invite;
		const line = JSON.stringify({ t: 'join', sealed: await guest.request(event.noise, cleanText(session.name)) });
		if (polling) poll(line);
		else socket?.send(line);
		return [];
	}
	if (event.t === 'refused' && event.sealed) return [{ t: 'refused', ...(await guest.refusal(event.sealed)) }];
	if (event.t === 'refused' && event.why === 'bad_ticket' && !joined) {
		event.text = 'This link does not fit this room. It may be of an earlier session, or was changed on its way. Ask the host for the link.';
	}
	return guest.receive(event);
}

/** The box of an own message, once it is sealed. It is sent again as it is: the same bytes. */
function wireBody(own) {
	if (!own.box && !own.isSealing && session.guest.canSeal()) {
		own.isSealing = true;
		inOrder(async () => {
			const sealed = await session?.guest.sealMessage(own.body);
			own.isSealing = false;
			Object.assign(own, sealed);
			if (sealed) sendPending();
		});
	}
	return own.box;
}

/** Of a message that was refused: others cannot miss it. */
function discardWireBody({ counter }) {
	session.guest.forgetBox(counter);
}

const waitingText = () => (joined && !session.guest.canSeal() ? 'Waiting for a new key from the host; nothing is sent until it is here' : '');
const announceTyping = () => {};
const renderTyping = () => {};

/** A new address comes from the host, in a box. What the server says of one is not used. */
function setPublicAddress() {
	if (location.protocol === 'https:') publicAddress ||= location.origin;
}

/** A line about a message that cannot be shown as one. */
const addMark = (text, spec = 'p.line mark') => addLine(el(spec, {}, ...text));

const messages = (count) => (count === 1 ? '1 message' : count + ' messages');
const { said: showMessage, welcome: showWelcome } = handlers;
// Of repeats in a row, one line with their number.
let repeats;

Object.assign(handlers, {
	/** A new room, or the way back to the present of this one. */
	in({ you, present: all, gone, ...event }) {
		if (joined) {
			session.lastSeq = event.seq;
			addMark(['Messages may be missing here: this page was away']);
		}
		session.isBehind = false;
		showWelcome({ ...event, you, present: all.filter(({ n }) => n !== HOST_NUMBER && n !== you.n) });
	},
	said({ kind, missing, ...event }) {
		const { n, body } = event;
		if (missing) addMark([messages(missing) + ' from ', participantName(n), ` ${missing === 1 ? 'is' : 'are'} missing here`]);
		if (kind === NEW_LINK) return showNewLink(sanitizeText(body));
		// An announcement is the message of the host, who has no other kind.
		showMessage({ ...event, body: sanitizeText(body) || '(no text)' });
	},
	/** Somebody altered it, or it is not from the person it claims. */
	bad({ n, isUnsigned }) {
		const claim = participants.has(n) ? [' that claims to be from ', participantName(n)] : [];
		addMark(['A message', ...claim, isUnsigned ? ' was not signed by them, and is not shown' : ' could not be opened; it may have been altered on the way']);
	},
	unreadable: ({ n }) => addMark(['A message from ', participantName(n), ' is sealed for people who were here before'], 'p.line dim'),
	repeat() {
		if (log.lastChild !== repeats?.line) addLine((repeats = { count: 0, line: el('p.line dim', {}) }).line, false);
		repeats.line.textContent = 'Dropped because they were shown before: ' + messages((repeats.count += 1));
	},
	/** The page lacks a key: it joins the room anew, in its present. */
	behind() {
		if (session.isBehind) return;
		session.isBehind = true;
		reconnect();
	},
});
